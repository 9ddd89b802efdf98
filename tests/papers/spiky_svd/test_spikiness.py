"""Spk@f by hand, its fast form against the plain one, and what must not change it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.papers.spiky_svd import fast, method
from soundreasons.papers.spiky_svd.experiments.chance import gaussian_rows
from soundreasons.papers.spiky_svd.method import spike_of


@pytest.fixture(scope="module", params=[method.spikiness, fast.spikiness], ids=["method", "fast"])
def spikiness(request):
    """Both forms of the definition: what is true of one is true of the other."""
    return request.param


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
def test_the_fast_form_finds_the_peaks_of_the_plain_one(n_items, n_dims, n_spikes, noise, coverage, dtype):
    embedding = noisy_spikes(n_items, n_items, n_dims, n_spikes, noise).astype(dtype)
    found = fast.spikiness(embedding, coverage=coverage)
    plain = method.spikiness(embedding, coverage=coverage)
    assert found.peaks.tolist() == plain.peaks.tolist()
    assert found.cover_curve.tolist() == plain.cover_curve.tolist()
    assert (found.n_items, found.ratio) == (n_items, len(plain.peaks) / n_items)


@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 5), st.sampled_from([0.2, 0.5, 0.9]))
def test_on_small_clouds_both_forms_agree(seed, n_items, n_dims, coverage):
    # Whole numbers, so that many directions are equal; no cosine of such rows is 0.613, which no fraction of
    # whole numbers up to 20 has for its square, so rounding decides nothing.
    cloud = np.random.default_rng(seed).integers(-2, 3, size=(n_items, n_dims)).astype(float)
    cloud[~cloud.any(axis=1), 0] = 1
    plain = method.spikiness(cloud, coverage=coverage, cosine=0.613)
    found = fast.spikiness(cloud, coverage=coverage, cosine=0.613)
    assert found.peaks.tolist() == plain.peaks.tolist()
    assert found.cover_curve.tolist() == plain.cover_curve.tolist()


@pytest.mark.parametrize(("n_communities", "expected"), [(7, 4), (8, 5)])
def test_spikiness_of_equal_communities(spikiness, n_communities, expected):
    # Ten tracks per axis: 4 spikes hold 40 of 70, but only half of 80 ("more than").
    norms = np.tile(np.arange(1.0, 11.0), n_communities)
    embedding = norms[:, np.newaxis] * np.repeat(np.eye(n_communities), 10, axis=0)
    found = spikiness(embedding)
    assert len(found.peaks) == expected
    assert found.cover_curve.tolist() == [10 * k for k in range(1, expected + 1)]


def test_an_item_exactly_at_the_cosine_is_not_covered(spikiness):
    # (3, 4) / 5 and (1, 0): cosine 0.6 exactly in binary too, since 3 / 5 is rounded once either way.
    embedding = np.array([[10.0, 0.0], [3.0, 4.0]])
    assert len(spikiness(embedding, cosine=0.6, coverage=0.75).peaks) == 2
    assert len(spikiness(embedding, cosine=0.59, coverage=0.75).peaks) == 1


def test_single_precision_rounding_near_the_bound_does_not_decide(spikiness):
    # Angles within 1e-6 of the bound, either side of it; by hand: only those inside are covered.
    bound = np.arccos(0.9)
    angles = bound + np.linspace(-1e-6, 1e-6, 2000)
    rows = np.column_stack([np.cos(angles), np.sin(angles)])
    embedding = np.vstack([[[5.0, 0.0]], np.repeat([[0.0, 4.0]], 300, axis=0), rows])
    found = spikiness(embedding, coverage=0.3)
    assert found.cover_curve[0] == 1 + np.count_nonzero(np.cos(angles) > 0.9)
    assert found.peaks.tolist() == method.spikiness(embedding, coverage=0.3).peaks.tolist()


def test_heads_come_by_decreasing_norm_and_equal_norms_by_row(spikiness):
    embedding = np.array([[0.0, 1.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert spikiness(embedding, coverage=0.9).peaks.tolist() == [1, 0, 2]


@pytest.mark.parametrize("seed", range(3))
def test_a_gaussian_cloud_needs_about_half_of_its_items_in_64_dimensions(spikiness, seed):
    # Theory: the cosine of two random directions has standard deviation 1/8, so 0.9 is over seven
    # of them away and hardly any pair is that close: each peak covers itself alone.
    cloud = gaussian_rows(2000, 64, np.random.default_rng(seed))
    assert spikiness(cloud).ratio == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize("seed", range(5))
def test_spikiness_ignores_rotation_scale_and_item_order(spikiness, seed):
    rng = np.random.default_rng(seed)
    embedding = rng.normal(size=(60, 4))
    rotation, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    moved = 3.0 * rng.permutation(embedding) @ rotation
    assert len(spikiness(moved).peaks) == len(spikiness(embedding).peaks)


@given(st.integers(0, 10_000), st.floats(0.05, 0.9), st.floats(0.05, 0.9))
def test_more_coverage_never_needs_fewer_spikes(spikiness, seed, one, other):
    embedding = np.random.default_rng(seed).normal(size=(80, 3))
    low, high = sorted((one, other))
    fewer, more = spikiness(embedding, coverage=low), spikiness(embedding, coverage=high)
    # The pass is the same up to where the first stops.
    assert more.peaks[: len(fewer.peaks)].tolist() == fewer.peaks.tolist()


@given(st.integers(0, 10_000), st.floats(0.05, 0.95))
def test_only_the_last_peak_exceeds_the_coverage(spikiness, seed, coverage):
    found = spikiness(np.random.default_rng(seed).normal(size=(50, 4)), coverage=coverage)
    assert found.cover_curve[-1] > coverage * 50
    assert (found.cover_curve[:-1] <= coverage * 50).all()
    assert (np.diff(found.cover_curve, prepend=0) >= 1).all()


def test_only_the_leading_dimensions_count_and_missing_ones_are_no_fault(spikiness):
    embedding = np.array([[2.0, 0.0, 9.0], [1.0, 0.0, -9.0], [0.0, 1.0, 0.0]])
    assert len(spikiness(embedding, dimensions=2).peaks) == 1
    assert (
        len(spikiness(embedding, dimensions=3).peaks) == len(spikiness(embedding, dimensions=99).peaks) == 2
    )


def test_the_input_is_left_as_it_was(spikiness):
    embedding = noisy_spikes(0, 2000, 8, 20, 0.1).astype(np.float32)
    before = embedding.copy()
    spikiness(embedding)
    assert np.array_equal(embedding, before)


@pytest.mark.parametrize("dimensions", [3, 8])
def test_spike_of_marks_exactly_what_the_pass_covered(spikiness, dimensions):
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
def test_bad_embeddings_are_refused_with_what_was_given(spikiness, embedding, settings, message):
    with pytest.raises(ValueError, match=message):
        spikiness(embedding, **settings)


def test_a_head_that_is_no_row_is_refused():
    with pytest.raises(ValueError, match="peaks run from -1 to 9, allowed are 0 to 3"):
        spike_of(np.eye(4), np.array([-1, 9]))


def test_dimensions_are_whole_numbers(spikiness):
    with pytest.raises(ValueError, match=r"dimensions is 2\.5, allowed are integers from 1"):
        spikiness(np.eye(4), dimensions=2.5)


def test_an_item_belongs_to_the_first_head_that_is_close_to_it_a_head_too():
    # By hand: rows 0 and 1 point the same way, row 2 elsewhere; the first of the two heads has both.
    rows = np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert spike_of(rows, np.array([0, 1])).tolist() == [0, 0, -1]
