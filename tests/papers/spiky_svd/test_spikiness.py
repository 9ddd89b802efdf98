"""Spk@f against the plain loop of its definition, and what must not change it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.papers.spiky_svd import gaussian_rows, spike_of, spikiness


def plain_loop(embedding, dimensions=64, coverage=0.5, cosine=0.9):
    """The definition, one item at a time, in double precision."""
    vectors = embedding[:, :dimensions].astype(np.float64)
    norms = np.linalg.norm(vectors, axis=1)
    units = vectors / norms[:, np.newaxis]
    covered = np.zeros(len(units), dtype=bool)
    peaks, curve = [], []
    for item in np.argsort(-norms, kind="stable"):
        if covered[item]:
            continue
        peaks.append(int(item))
        covered |= units @ units[item] > cosine
        covered[item] = True
        curve.append(int(covered.sum()))
        if curve[-1] > coverage * len(units):
            break
    return peaks, curve


def noisy_spikes(seed, n_items, n_dims, n_spikes, noise):
    rng = np.random.default_rng(seed)
    heads = rng.standard_normal((n_spikes, n_dims))
    heads /= np.linalg.norm(heads, axis=1, keepdims=True)
    units = heads[rng.integers(n_spikes, size=n_items)] + noise * rng.standard_normal((n_items, n_dims))
    return units * rng.lognormal(size=(n_items, 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("coverage", [0.1, 0.5, 0.95])
@pytest.mark.parametrize(
    ("n_items", "n_dims", "n_spikes", "noise"),
    [(3000, 8, 40, 0.05), (3000, 16, 900, 0.05), (700, 64, 5, 1.0), (5000, 3, 60, 0.3), (40, 2, 3, 0.1)],
)
def test_peaks_are_those_of_the_plain_loop(n_items, n_dims, n_spikes, noise, coverage, dtype):
    embedding = noisy_spikes(n_items, n_items, n_dims, n_spikes, noise).astype(dtype)
    found = spikiness(embedding, coverage=coverage)
    peaks, curve = plain_loop(embedding, coverage=coverage)
    assert found.peaks.tolist() == peaks
    assert found.cover_curve.tolist() == curve
    assert (found.n_items, found.ratio) == (n_items, len(peaks) / n_items)


@pytest.mark.parametrize(("n_communities", "expected"), [(7, 4), (8, 5)])
def test_spikiness_of_equal_communities(n_communities, expected):
    # Ten tracks per axis: 4 spikes hold 40 of 70, but only half of 80 ("more than").
    norms = np.tile(np.arange(1.0, 11.0), n_communities)
    embedding = norms[:, np.newaxis] * np.repeat(np.eye(n_communities), 10, axis=0)
    found = spikiness(embedding)
    assert len(found.peaks) == expected
    assert found.cover_curve.tolist() == [10 * k for k in range(1, expected + 1)]


def test_an_item_exactly_at_the_cosine_is_not_covered():
    # (3, 4) / 5 and (1, 0): cosine 0.6 exactly in binary too, since 3 / 5 is rounded once either way.
    embedding = np.array([[10.0, 0.0], [3.0, 4.0]])
    assert len(spikiness(embedding, cosine=0.6, coverage=0.75).peaks) == 2
    assert len(spikiness(embedding, cosine=0.59, coverage=0.75).peaks) == 1


def test_single_precision_rounding_near_the_bound_does_not_decide():
    # Angles within 1e-6 of the bound, either side of it; by hand: only those inside are covered.
    bound = np.arccos(0.9)
    angles = bound + np.linspace(-1e-6, 1e-6, 2000)
    rows = np.column_stack([np.cos(angles), np.sin(angles)])
    embedding = np.vstack([[[5.0, 0.0]], np.repeat([[0.0, 4.0]], 300, axis=0), rows])
    found = spikiness(embedding, coverage=0.3)
    assert found.cover_curve[0] == 1 + np.count_nonzero(np.cos(angles) > 0.9)
    assert found.peaks.tolist() == plain_loop(embedding, coverage=0.3)[0]


def test_heads_come_by_decreasing_norm_and_equal_norms_by_row():
    embedding = np.array([[0.0, 1.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert spikiness(embedding, coverage=0.9).peaks.tolist() == [1, 0, 2]


@pytest.mark.parametrize("seed", range(3))
def test_a_gaussian_cloud_needs_about_half_of_its_items_in_64_dimensions(seed):
    # Theory: the cosine of two random directions has standard deviation 1/8, so 0.9 is over seven
    # of them away and hardly any pair is that close: each peak covers itself alone.
    cloud = gaussian_rows(2000, 64, np.random.default_rng(seed))
    assert spikiness(cloud).ratio == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize("seed", range(5))
def test_spikiness_ignores_rotation_scale_and_item_order(seed):
    rng = np.random.default_rng(seed)
    embedding = rng.normal(size=(60, 4))
    rotation, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    moved = 3.0 * rng.permutation(embedding) @ rotation
    assert len(spikiness(moved).peaks) == len(spikiness(embedding).peaks)


@given(st.integers(0, 10_000), st.floats(0.05, 0.9), st.floats(0.05, 0.9))
def test_more_coverage_never_needs_fewer_spikes(seed, one, other):
    embedding = np.random.default_rng(seed).normal(size=(80, 3))
    low, high = sorted((one, other))
    fewer, more = spikiness(embedding, coverage=low), spikiness(embedding, coverage=high)
    # The pass is the same up to where the first stops.
    assert more.peaks[: len(fewer.peaks)].tolist() == fewer.peaks.tolist()


@given(st.integers(0, 10_000), st.floats(0.05, 0.95))
def test_only_the_last_peak_exceeds_the_coverage(seed, coverage):
    found = spikiness(np.random.default_rng(seed).normal(size=(50, 4)), coverage=coverage)
    assert found.cover_curve[-1] > coverage * 50
    assert (found.cover_curve[:-1] <= coverage * 50).all()
    assert (np.diff(found.cover_curve, prepend=0) >= 1).all()


def test_only_the_leading_dimensions_count_and_missing_ones_are_no_fault():
    embedding = np.array([[2.0, 0.0, 9.0], [1.0, 0.0, -9.0], [0.0, 1.0, 0.0]])
    assert len(spikiness(embedding, dimensions=2).peaks) == 1
    assert (
        len(spikiness(embedding, dimensions=3).peaks) == len(spikiness(embedding, dimensions=99).peaks) == 2
    )


def test_the_input_is_left_as_it_was():
    embedding = noisy_spikes(0, 2000, 8, 20, 0.1).astype(np.float32)
    before = embedding.copy()
    spikiness(embedding)
    assert np.array_equal(embedding, before)


@pytest.mark.parametrize("dimensions", [3, 8])
def test_spike_of_marks_exactly_what_the_pass_covered(dimensions):
    embedding = noisy_spikes(1, 4000, 8, 30, 0.15)
    found = spikiness(embedding, dimensions=dimensions)
    spike = spike_of(embedding, found.peaks, dimensions=dimensions)
    assert np.count_nonzero(spike >= 0) == found.cover_curve[-1]
    # An item belongs to the first head that covered it, so sizes are the steps of the curve.
    assert np.bincount(spike[spike >= 0]).tolist() == np.diff(found.cover_curve, prepend=0).tolist()
    assert spike[found.peaks].tolist() == list(range(len(found.peaks)))


CLOUD = np.random.default_rng(0).normal(size=(6, 3))


@pytest.mark.parametrize(
    ("embedding", "settings", "message"),
    [
        (CLOUD, {"coverage": 0.0}, r"coverage is 0\.0, allowed are numbers between 0 and 1"),
        (CLOUD, {"coverage": 1.0}, r"coverage is 1\.0, allowed"),
        (CLOUD, {"coverage": np.nan}, "coverage is nan, allowed"),
        (CLOUD, {"cosine": 1.0}, r"cosine is 1\.0, allowed"),
        (CLOUD, {"dimensions": 0}, "dimensions is 0, allowed are integers from 1"),
        (CLOUD[0], {}, r"shape \(3,\), expected \(n_items, n_dims\).*np\.newaxis"),
        (np.empty((0, 3)), {}, r"shape \(0, 3\)"),
        (
            np.zeros((4, 3)),
            {},
            r"4 of 4 rows that are zero in the leading 3 dimension\(s\), the first is row 0",
        ),
        (np.vstack([CLOUD, np.zeros(3)]), {}, r"1 of 7 rows.*row 6.*drop these rows first"),
        (np.array([[0.0, 1.0], [1.0, 0.0]]), {"dimensions": 1}, "1 of 2 rows that are zero in the leading 1"),
        (np.where(CLOUD > 1, np.nan, CLOUD), {}, "NaN or infinite"),
        (np.vstack([CLOUD, [[np.inf, 0, 0]]]), {}, "NaN or infinite values, the first is row 6"),
    ],
)
def test_bad_embeddings_are_refused_with_what_was_given(embedding, settings, message):
    with pytest.raises(ValueError, match=message):
        spikiness(embedding, **settings)


def test_a_head_that_is_no_row_is_refused():
    with pytest.raises(ValueError, match="peaks run from -1 to 9, allowed are 0 to 3"):
        spike_of(np.eye(4), np.array([-1, 9]))


def test_dimensions_are_whole_numbers():
    with pytest.raises(ValueError, match=r"dimensions is 2\.5, allowed are integers from 1"):
        spikiness(np.eye(4), dimensions=2.5)
