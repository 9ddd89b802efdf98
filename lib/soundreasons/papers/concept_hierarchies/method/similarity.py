"""How alike two concepts are (eq-similarity), and the graph of those that are alike enough."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def concept_similarity(probabilities: NDArray[Any], positives: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Average the probability of each concept over the tracks of each concept, {eq}`eq-similarity`.

    S[i, j] is the mean over tracks of concept i of the probability that concept j's probe gives. Row: whose
    tracks. Column: whose probe. It is not symmetric. Chapter: concept_hierarchies.

    Parameters
    ----------
    probabilities : ndarray, shape (n_tracks, n_concepts)
        In [0, 1], already averaged over the moments of a track.
    positives : ndarray of bool, shape (n_tracks, n_concepts)
        Tracks of each concept, usually those kept for testing.

    Returns
    -------
    ndarray, shape (n_concepts, n_concepts)

    Raises
    ------
    ValueError
        If the shapes differ, a probability is not finite, or a concept has no track.

    Examples
    --------
    >>> concept_similarity(np.array([[1.0, 0.5], [0.0, 1.0]]), np.eye(2, dtype=bool)).tolist()
    [[1.0, 0.5], [0.0, 1.0]]
    """
    if probabilities.shape != positives.shape or probabilities.ndim != 2:
        raise ValueError(
            f"probabilities have shape {probabilities.shape} and positives {positives.shape}, expected "
            "(n_tracks, n_concepts) both"
        )
    if not np.isfinite(probabilities).all():
        raise ValueError(f"{int((~np.isfinite(probabilities)).sum())} probabilities are not finite")
    counts = positives.sum(axis=0)
    if (counts == 0).any():
        raise ValueError(
            f"concept {int(np.argmin(counts))} has no track here; leave it out or keep more tracks"
        )
    sums = positives.T.astype(np.float64) @ probabilities.astype(np.float64)
    return np.asarray(sums / counts[:, np.newaxis])


def similarity_graph(similarity: NDArray[Any], threshold: float = 0.5) -> NDArray[np.uint8]:
    """Join concept i to concept j where S[i, j] is above the threshold; no concept to itself.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    similarity : ndarray, shape (n, n)
        Finite.
    threshold : float
        Strictly to exceed.

    Returns
    -------
    ndarray of uint8, shape (n, n)
        Zero on the diagonal, not symmetric in general.

    Raises
    ------
    ValueError
        If the matrix is empty, not square or not finite.

    Examples
    --------
    >>> similarity_graph(np.array([[1.0, 0.6], [0.5, 1.0]])).tolist()
    [[0, 1], [0, 0]]
    """
    require_similarity(similarity)
    graph = (similarity > threshold).astype(np.uint8)
    np.fill_diagonal(graph, 0)
    return graph


def require_similarity(similarity: NDArray[Any]) -> None:
    """Refuse what is no square matrix of finite numbers.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    similarity : ndarray
        Given by somebody.

    Raises
    ------
    ValueError
        If it is empty, not square or not finite.

    Examples
    --------
    >>> require_similarity(np.array([[1.0, 0.6], [0.5, 1.0]]))
    """
    if similarity.ndim != 2 or similarity.shape[0] != similarity.shape[1] or similarity.size == 0:
        raise ValueError(f"similarity has shape {similarity.shape}, expected (n, n) with n at least 1")
    if not np.isfinite(similarity).all():
        bad = int((~np.isfinite(similarity)).sum())
        raise ValueError(
            f"{bad} of {similarity.size} similarities are NaN or infinite; a concept without tracks "
            "gives NaN, leave it out first"
        )


def density(graph: NDArray[Any]) -> float:
    """Share of all n x n places that are edges, as the authors count it.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    graph : ndarray, shape (n, n)
        Anything not zero is an edge.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError
        If the graph is not square or is empty.

    Examples
    --------
    >>> density(np.array([[0, 1], [0, 0]]))
    0.25
    """
    require_similarity(np.asarray(graph, dtype=np.float64))
    return float(np.count_nonzero(graph) / graph.size)


def threshold_for(similarity: NDArray[Any], wanted: float = 0.1) -> float:
    """Find the threshold above which about the wanted share of the n x n places lies.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    similarity : ndarray, shape (n, n)
        Finite; the diagonal is not looked at.
    wanted : float in (0, 1)
        Share.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the matrix is empty, not square or not finite.

    Examples
    --------
    >>> threshold_for(np.array([[9.0, 0.3], [0.7, 9.0]]), wanted=0.25)
    0.3
    """
    require_similarity(similarity)
    others = np.sort(similarity[~np.eye(len(similarity), dtype=bool)])[::-1]
    n_edges = min(len(others) - 1, round(wanted * similarity.size))
    return float(others[n_edges]) if len(others) else 0.0
