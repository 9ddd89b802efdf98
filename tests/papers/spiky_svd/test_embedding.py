"""The embedding against eigenvectors, and the torch path against scikit-learn's."""

import numpy as np
import pytest
import scipy.sparse as sp

from soundreasons.papers.spiky_svd import fast, method
from soundreasons.papers.spiky_svd.fast import embedding as factorisation
from soundreasons.papers.spiky_svd.method import singular_values


@pytest.fixture(scope="module", params=[method.embed, fast.embed], ids=["method", "fast"])
def embed(request):
    """Both forms of the definition: what is true of one is true of the other."""
    return request.param


def low_rank(rng, n_items=60, values=(9.0, -7.0, 5.0, 3.0)):
    """A symmetric matrix with known eigenvalues, one of them negative."""
    vectors, _ = np.linalg.qr(rng.standard_normal((n_items, len(values))))
    return vectors @ np.diag(values) @ vectors.T, vectors


def sparse_graph(rng, n_items=300, density=0.02):
    half = sp.triu(sp.random(n_items, n_items, density, random_state=rng), k=1)
    return sp.csr_matrix(half + half.T)


@pytest.mark.parametrize("seed", range(3))
def test_columns_are_eigenvectors_times_the_size_of_their_eigenvalue(embed, seed):
    # The theorem of the SVD of a symmetric matrix: singular value = |eigenvalue|.
    matrix, vectors = low_rank(np.random.default_rng(seed))
    embedding = embed(matrix, 4, seed)
    assert singular_values(embedding) == pytest.approx([9, 7, 5, 3], rel=1e-9)
    expected = vectors * [9, 7, 5, 3]
    assert np.abs(np.abs(embedding) - np.abs(expected)).max() < 1e-9


def test_the_largest_entry_of_each_column_is_positive(embed):
    embedding = embed(low_rank(np.random.default_rng(5))[0], 4, 0)
    assert (embedding[np.abs(embedding).argmax(axis=0), np.arange(4)] > 0).all()


def test_same_seed_same_vectors_other_seed_other_projection(embed):
    graph = sparse_graph(np.random.default_rng(0))
    assert np.array_equal(embed(graph, 8, 3), embed(graph, 8, 3))
    assert not np.array_equal(embed(graph, 8, 3), embed(graph, 8, 4))


def test_sparse_and_dense_products_give_the_same_embedding(monkeypatch):
    graph = sparse_graph(np.random.default_rng(1), density=0.2)
    dense = fast.embed(graph, 8, 0)
    monkeypatch.setattr(factorisation, "_DENSE_FROM", 1.0)
    assert fast.embed(graph, 8, 0) == pytest.approx(dense, abs=1e-9)


@pytest.mark.parametrize("density", [0.01, 0.2])
def test_torch_finds_the_singular_values_and_the_space_of_scikit_learn(embed, density):
    # Single precision: a relative error of 1e-4 is rounding. A gap after rank 5 fixes the space.
    rng = np.random.default_rng(2)
    matrix, _ = low_rank(rng, 300, (60.0, 50.0, 40.0, 30.0, 20.0))
    graph = (
        sp.csr_matrix(matrix) if density > 0.1 else sp.csr_matrix(matrix + sparse_graph(rng, 300, density))
    )
    reference = embed(graph, 5, 0)
    u, s = factorisation._svd_torch(graph, 5, 0, "cpu")
    assert s == pytest.approx(singular_values(reference), rel=1e-4)
    cosines = np.linalg.svd(u.T @ (reference / singular_values(reference)), compute_uv=False)
    assert cosines.min() > 0.9999


def test_torch_multiplies_sparsely_where_the_matrix_is_sparse():
    graph = sparse_graph(np.random.default_rng(3), density=0.005)
    assert factorisation._as_tensor(graph, "cpu").is_sparse
    u, s = factorisation._svd_torch(graph, 4, 1, "cpu")
    # Independent: the dense SVD of numpy.
    assert s == pytest.approx(np.linalg.svd(graph.toarray(), compute_uv=False)[:4], rel=2e-2)
    assert u.T @ u == pytest.approx(np.eye(4), abs=1e-4)


def test_torch_follows_the_seed_and_leaves_the_global_generator_alone():
    import torch

    graph = sparse_graph(np.random.default_rng(4))
    torch.manual_seed(11)
    expected_next = torch.rand(1).item()
    torch.manual_seed(11)
    first = factorisation._svd_torch(graph, 4, 5, "cpu")[0]
    assert torch.rand(1).item() == expected_next
    assert np.array_equal(first, factorisation._svd_torch(graph, 4, 5, "cpu")[0])


def test_the_number_of_power_iterations_changes_at_a_tenth_of_the_items():
    # scikit-learn: 7 if the rank is below a tenth of the smaller side, else 4.
    assert [factorisation.power_iterations(rank, 1000) for rank in (99, 100)] == [7, 4]


TIES = np.array([[0, 2, 0], [2, 0, 1], [0, 1, 0.0]])


@pytest.mark.parametrize(
    ("matrix", "rank", "message"),
    [
        (TIES[:2], 1, r"shape \(2, 3\), expected a square"),
        (TIES, 4, "rank is 4, allowed are 1 to 3, the number of items"),
        (TIES, 0, "rank is 0, allowed are 1 to 3"),
        (np.where(TIES == 1, np.nan, TIES), 2, "NaN or infinite"),
        (sp.csr_matrix(np.where(TIES == 1, np.inf, TIES)), 2, "NaN or infinite"),
        (np.triu(TIES), 2, r"not symmetric.*matrix \+ matrix\.T"),
        (sp.csr_matrix(np.triu(TIES)), 2, "not symmetric"),
    ],
)
def test_bad_matrices_are_refused_with_what_was_given(embed, matrix, rank, message):
    with pytest.raises(ValueError, match=message):
        embed(matrix, rank, 0)


@pytest.mark.parametrize("density", [0.01, 0.2])
@pytest.mark.parametrize("seed", range(3))
def test_the_fast_form_gives_what_the_plain_one_gives(seed, density):
    # Another order of the same sums: rounding only.
    graph = sparse_graph(np.random.default_rng(seed), density=density)
    assert fast.embed(graph, 12, seed) == pytest.approx(method.embed(graph, 12, seed), abs=1e-9)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_a_matrix_that_is_hardly_asymmetric_is_refused(embed, form):
    matrix = low_rank(np.random.default_rng(6))[0]
    matrix[3, 8] += 1e-3 * np.abs(matrix).max()
    with pytest.raises(ValueError, match="not symmetric"):
        embed(form(matrix), 4, 0)


def test_singular_values_need_a_matrix():
    with pytest.raises(ValueError, match=r"shape \(3,\), expected \(n_items, rank\)"):
        singular_values(np.ones(3))


def test_singular_values_of_an_association_are_those_of_its_dense_decomposition(embed, taste_space):
    association, _ = taste_space
    # Independent: numpy's dense SVD.
    expected = np.linalg.svd(association.matrix.toarray(), compute_uv=False)[:4]
    assert singular_values(embed(association.matrix, 4, 0)) == pytest.approx(expected, rel=1e-6)
