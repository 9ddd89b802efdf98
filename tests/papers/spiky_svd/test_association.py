"""PPMI against a brute-force dense computation, and its filters by hand."""

import re
from itertools import combinations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from soundreasons.papers.spiky_svd import fast, method
from soundreasons.papers.spiky_svd.fast import kept_pairs


@pytest.fixture(scope="module", params=[method.ppmi, fast.ppmi], ids=["method", "fast"])
def ppmi(request):
    """Both forms of the definition: what is true of one is true of the other."""
    return request.param


def brute_force(incidence, min_count, max_neighbours):
    """The definition, pair by pair, on dense lists."""
    n_items = len(incidence)
    n_contexts = sum(any(column) for column in incidence.T)
    popularity = incidence.sum(axis=1)
    counts = {(i, j): int(incidence[i] @ incidence[j]) for i, j in combinations(range(n_items), 2)}
    values = np.zeros((n_items, n_items))
    for (i, j), shared in counts.items():
        as_first = sorted((-counts[i, other], other) for other in range(i + 1, n_items))
        as_second = sorted((-counts[other, j], other) for other in range(j))
        ranks = as_first.index((-shared, j)) + 1, as_second.index((-shared, i)) + 1
        if shared >= min_count and max(ranks) < max_neighbours:
            value = np.log(n_contexts * shared / (popularity[i] * popularity[j])) if shared else 0.0
            values[i, j] = values[j, i] = max(value, 0.0)
    return values


def random_incidence(rng, n_items=14, n_contexts=20, density=0.4):
    incidence = (rng.random((n_items, n_contexts)) < density).astype(int)
    incidence[np.arange(n_items), rng.integers(n_contexts, size=n_items)] = 1
    return incidence


def full(matrix, kept, n_items):
    dense = np.zeros((n_items, n_items))
    dense[np.ix_(kept, kept)] = matrix.toarray()
    return dense


@pytest.mark.parametrize("max_neighbours", [2, 3, 5, 2000])
@pytest.mark.parametrize("min_count", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_ppmi_equals_the_definition_pair_by_pair(ppmi, seed, min_count, max_neighbours):
    incidence = random_incidence(np.random.default_rng(seed))
    expected = brute_force(incidence, min_count, max_neighbours)
    matrix, kept = ppmi(incidence, min_count=min_count, max_neighbours=max_neighbours)
    assert np.abs(full(matrix, kept, len(incidence)) - expected).max() <= 1e-12
    assert kept.tolist() == np.flatnonzero(expected.any(axis=1)).tolist()


def test_ppmi_is_the_same_when_cut_into_blocks_of_a_few_items(monkeypatch):
    incidence = random_incidence(np.random.default_rng(7), n_items=40)
    whole, kept = fast.ppmi(incidence, max_neighbours=6)
    monkeypatch.setattr(fast.association, "_BLOCK_ENTRIES", 90)
    parts, kept_in_parts = fast.ppmi(incidence, max_neighbours=6)
    assert abs(whole - parts).nnz == 0
    assert kept.tolist() == kept_in_parts.tolist()


def test_the_value_of_a_pair_by_hand(ppmi):
    # By hand: m = 4, c = 2 and 3, both contexts of the first are shared: log(4 * 2 / (2 * 3)).
    matrix, kept = ppmi(np.array([[1, 1, 0, 0], [1, 1, 0, 1], [0, 0, 1, 1]]))
    assert kept.tolist() == [0, 1]
    assert matrix[0, 1] == pytest.approx(np.log(4 / 3), abs=1e-12)


def test_a_pair_seen_once_is_dropped_unless_asked_for(ppmi):
    # By hand: with 5 contexts the pairs (0, 1) and (2, 3) are above chance: 5 * 2 and 5 * 1 exceed 2 * 2.
    incidence = np.array([[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 1, 1]])
    assert ppmi(incidence)[1].tolist() == [0, 1]
    assert ppmi(incidence, min_count=1)[1].tolist() == [0, 1, 2, 3]


def test_a_matrix_that_is_given_keeps_its_stored_zeros(ppmi):
    given_rows = sp.csr_matrix(([1, 1, 0, 1, 1], [0, 1, 2, 0, 1], [0, 3, 5]), shape=(2, 3))
    given_rows = sp.vstack([given_rows, sp.csr_matrix([[0, 0, 1]])], format="csr")
    kept = given_rows.copy()
    ppmi(given_rows)
    for part in ("data", "indices", "indptr"):
        assert getattr(given_rows, part).tolist() == getattr(kept, part).tolist()


def test_a_pair_exactly_at_chance_is_dropped(ppmi):
    # By hand: m c_ij = 4 * 2 = 8 for the kept pair (0, 1) with c = 2, 2; for (2, 3): 4 * 1 = 2 * 2.
    incidence = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]])
    _, kept = ppmi(incidence, min_count=1)
    assert kept.tolist() == [0, 1]


def test_contexts_without_items_do_not_count(ppmi):
    incidence = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]])
    padded = np.hstack([incidence, np.zeros((3, 5), dtype=int)])
    assert ppmi(padded)[0][0, 1] == ppmi(incidence)[0][0, 1] == pytest.approx(np.log(2))


def test_equal_counts_at_the_cap_keep_the_lower_item_number(ppmi):
    # Item 0 shares one context with 1 and one with 2; one place below the cap of 2.
    incidence = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]])
    matrix, kept = ppmi(incidence, min_count=1, max_neighbours=2)
    assert kept.tolist() == [0, 1]
    assert matrix.nnz == 2


def test_the_cap_holds_on_each_side_not_on_the_whole_neighbourhood(ppmi):
    # A chain 0-1-2: item 1 is second of one pair and first of the other, so it keeps both.
    incidence = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]])
    matrix, kept = ppmi(incidence, min_count=1, max_neighbours=2)
    assert kept.tolist() == [0, 1, 2]
    assert np.diff(matrix.indptr).tolist() == [1, 2, 1]


def test_ranks_are_taken_before_anything_is_dropped_for_being_at_chance(ppmi):
    # Item 2 shares two contexts with the popular item 3 (at chance: 4 * 2 = 2 * 4) and one with
    # item 4 (above chance: 4 * 1 > 2 * 1). Its only place goes to the pair that is dropped later.
    incidence = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]])
    kept_with_cap = ppmi(incidence, min_count=1, max_neighbours=2)[1]
    kept_without = ppmi(incidence, min_count=1)[1]
    assert kept_without.tolist() == [0, 1, 2, 4]
    assert kept_with_cap.tolist() == [0, 1]


@given(
    arrays(np.int8, st.tuples(st.integers(2, 8), st.integers(1, 8)), elements=st.integers(0, 1)),
    st.integers(2, 5),
)
def test_ppmi_is_symmetric_positive_and_hollow(ppmi, incidence, max_neighbours):
    incidence = incidence[incidence.any(axis=1)]
    if not brute_force(incidence, 1, max_neighbours).any():
        return
    matrix, _ = ppmi(incidence, min_count=1, max_neighbours=max_neighbours)
    assert abs(matrix - matrix.T).nnz == 0
    assert (matrix.data > 0).all()
    assert not matrix.diagonal().any()


def relabelled_count(incidence, rng, max_neighbours):
    """Pairs kept when equal counts fall in a random order: a slow twin with counts nudged apart."""
    n_items = len(incidence)
    popularity, n_contexts = incidence.sum(axis=1), np.count_nonzero(incidence.any(axis=0))
    shared = (incidence @ incidence.T).astype(float)
    nudged = shared + 0.5 * rng.random(shared.shape)
    other_nudge = shared + 0.5 * rng.random(shared.shape)
    n_kept = 0
    for i, j in combinations(range(n_items), 2):
        first_rank = 1 + np.count_nonzero(nudged[i, i + 1 :] > nudged[i, j])
        second_rank = 1 + np.count_nonzero(other_nudge[:j, j] > other_nudge[i, j])
        is_above_chance = n_contexts * shared[i, j] > popularity[i] * popularity[j]
        n_kept += shared[i, j] >= 1 and is_above_chance and max(first_rank, second_rank) < max_neighbours
    return n_kept


@pytest.mark.parametrize("seed", range(6))
def test_pairs_kept_lie_between_certain_and_possible_for_any_order_of_ties(seed):
    rng = np.random.default_rng(seed)
    incidence = random_incidence(rng, n_items=10, n_contexts=9)
    certain, possible, *_ = kept_pairs(incidence, min_count=1, max_neighbours=4)
    counts = [relabelled_count(incidence, rng, 4) for _ in range(30)]
    assert certain <= min(counts)
    assert max(counts) <= possible
    assert certain < possible  # the examples have ties at the cap; else the test would be empty


def test_without_ties_at_the_cap_certain_and_possible_agree_with_ppmi(ppmi):
    incidence = random_incidence(np.random.default_rng(3))
    n_pairs = ppmi(incidence)[0].nnz // 2
    n_items = len(ppmi(incidence)[1])
    assert kept_pairs(incidence) == (n_pairs, n_pairs, n_items, n_items)


@pytest.mark.parametrize("name", ["min_count", "max_neighbours"])
def test_filters_are_whole_numbers(ppmi, name):
    with pytest.raises(ValueError, match=f"{name} is 2.5, expected a whole number"):
        ppmi(random_incidence(np.random.default_rng(0)), **{name: 2.5})


def test_incidence_may_be_sparse_boolean_or_float_with_stored_zeros(ppmi):
    incidence = random_incidence(np.random.default_rng(1))
    stored = sp.coo_matrix((incidence.ravel(), np.indices(incidence.shape).reshape(2, -1)))
    expected = ppmi(incidence)[0]
    for given_as in (sp.csc_matrix(incidence), incidence.astype(bool), incidence.astype(float), stored):
        assert abs(ppmi(given_as)[0] - expected).nnz == 0


GOOD = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]])


@pytest.mark.parametrize(
    ("incidence", "message"),
    [
        (np.where(GOOD == 1, -1, 0), r"holds the value -1.*allowed are 0 and 1"),
        (3 * GOOD, r"holds the value 3.*matrix > 0"),
        (np.where(GOOD == 1, np.nan, 0), r"holds the value nan"),
        (np.vstack([GOOD, np.zeros((2, 4))]), r"2 empty row\(s\), the first is row 3"),
        (GOOD[0], r"1 dimension\(s\), expected a matrix"),
        (np.empty((0, 4)), r"shape \(0, 4\), expected at least one item"),
        (np.eye(3), r"no pair of the 3 items is kept"),
        (sp.coo_matrix(([1, 1], ([0, 0], [1, 1])), shape=(1, 2)), r"holds the value 2"),
    ],
)
def test_bad_incidence_is_refused_with_what_was_given(ppmi, incidence, message):
    with pytest.raises(ValueError, match=message):
        ppmi(incidence)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"min_count": 0}, "min_count is 0, allowed"), ({"max_neighbours": 1}, "max_neighbours is 1, allowed")],
)
def test_impossible_filters_are_refused(ppmi, settings, message):
    for function in (ppmi, kept_pairs):
        with pytest.raises(ValueError, match=message):
            function(GOOD, **settings)


@given(
    arrays(np.int8, st.tuples(st.integers(2, 9), st.integers(2, 9)), elements=st.integers(0, 1)),
    st.integers(1, 3),
    st.integers(2, 5),
)
def test_the_fast_form_gives_what_the_plain_one_gives(incidence, min_count, max_neighbours):
    incidence = incidence[incidence.any(axis=1)]
    settings = {"min_count": min_count, "max_neighbours": max_neighbours}
    try:
        plain, kept = method.ppmi(incidence, **settings)
    except ValueError as refused:
        with pytest.raises(ValueError, match=re.escape(str(refused))):
            fast.ppmi(incidence, **settings)
        return
    matrix, kept_fast = fast.ppmi(incidence, **settings)
    assert abs(matrix - plain).nnz == 0
    assert kept_fast.tolist() == kept.tolist()
