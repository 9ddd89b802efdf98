"""Additive recommenders: a score is a sum over the history (eq-additive), of weights that are learnt once."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def additive_terms(weights: Floats, history: NDArray[np.int64], item: int) -> Floats:
    """Return what each artist of a history adds to the score of an item: the terms of eq-additive.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    weights : ndarray, shape (n_items, n_items)
        `weights[j, i]`, the paper's B: what having artist j in the history adds to the score of item i.
    history : ndarray of int, shape (n_history,)
        Artists that the user played.
    item : int
        What is scored.

    Returns
    -------
    ndarray, shape (n_history,)
        In score units; their sum is the score.

    Raises
    ------
    ValueError
        If the history is empty.

    Examples
    --------
    >>> weights = np.array([[0.0, 1.0, 4.0], [1.0, 0.0, 2.0], [4.0, 2.0, 0.0]])
    >>> additive_terms(weights, np.array([0, 1]), 2).tolist()
    [4.0, 2.0]
    """
    if not len(history):
        raise ValueError("the history is empty, so nothing adds to the score; recommend what is popular")
    return np.asarray(weights[history, item])


def ease_weights(interactions: Floats, *, regularisation: float) -> Floats:
    """Return the weights of EASE: those that rebuild every artist from the others (Steck, 2019).

    With P the inverse of the counts of common listeners plus `regularisation` on the diagonal, the weight of
    j for i is - P[j, i] / P[i, i], and 0 for an artist itself. Chapter: explainable_recommendation.

    Parameters
    ----------
    interactions : ndarray of 0 and 1, shape (n_users, n_items)
        Who played what.
    regularisation : float, above 0
        In listeners: an artist with far fewer has little to say.

    Returns
    -------
    ndarray, shape (n_items, n_items)

    Raises
    ------
    ValueError
        If `regularisation` is not above 0, or the interactions are not ones and zeros.

    Examples
    --------
    One user, two artists: P is [[2, -1], [-1, 2]] / 3, so each artist speaks for the other with 1/2.

    >>> ease_weights(np.array([[1.0, 1.0]]), regularisation=1.0).round(9).tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    if not regularisation > 0:
        raise ValueError(f"regularisation is {regularisation}, expected a number above 0")
    _require_ones(interactions)
    common_listeners = interactions.T @ interactions
    precision = np.linalg.inv(common_listeners + regularisation * np.eye(len(common_listeners)))
    weights = -precision / np.diag(precision)
    np.fill_diagonal(weights, 0.0)
    return weights


def neighbour_weights(interactions: Floats, *, neighbours: int) -> Floats:
    """Return cosines of the artists' listeners, only from an item's nearest artists (Linden et al., 2003).

    Chapter: explainable_recommendation.

    Parameters
    ----------
    interactions : ndarray of 0 and 1, shape (n_users, n_items)
        Who played what.
    neighbours : int, from 1
        How many artists may speak for an item, ties by lower number.

    Returns
    -------
    ndarray, shape (n_items, n_items)

    Raises
    ------
    ValueError
        If `neighbours` is below 1, or the interactions are not ones and zeros.

    Examples
    --------
    Artist 0 has two listeners and shares one with each of the others, which share none: 1 / sqrt(2 * 1).

    >>> neighbour_weights(np.array([[1.0, 1, 0], [1, 0, 1]]), neighbours=1).round(3).tolist()
    [[0.0, 0.707, 0.707], [0.707, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    if neighbours < 1:
        raise ValueError(f"neighbours is {neighbours}, expected 1 or more")
    _require_ones(interactions)
    lengths = np.sqrt(interactions.sum(axis=0))
    units = interactions / np.where(lengths > 0, lengths, 1.0)
    cosines = units.T @ units
    np.fill_diagonal(cosines, 0.0)
    for column in cosines.T:
        column[np.argsort(-column, kind="stable")[neighbours:]] = 0.0
    return cosines


def tag_vectors(tags: Floats) -> Floats:
    """Return tag counts as vectors of length 1: log(1 + count) times log(n / items with the tag).

    Chapter: explainable_recommendation.

    Parameters
    ----------
    tags : ndarray, shape (n_items, n_tags)
        How often each tag was given.

    Returns
    -------
    ndarray, shape (n_items, n_tags)
        An item without tags is a row of zeros.

    Raises
    ------
    ValueError
        If a count is negative.

    Examples
    --------
    The first tag stands with every item, so it tells nothing; the second alone is left.

    >>> tag_vectors(np.array([[5.0, 1.0], [1.0, 0.0]])).tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    """
    if (tags < 0).any():
        raise ValueError(f"tags hold {tags.min()}, expected counts of 0 or more")
    n_with = np.maximum((tags > 0).sum(axis=0), 1)
    scaled = np.log1p(tags) * np.log(len(tags) / n_with)
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.asarray(scaled / np.where(lengths > 0, lengths, 1.0))


def tag_weights(tags: Floats) -> Floats:
    """Return the cosine of every two items by their tags: no listener is needed.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    tags : ndarray, shape (n_items, n_tags)
        How often each tag was given.

    Returns
    -------
    ndarray, shape (n_items, n_items)

    Raises
    ------
    ValueError
        If a count is negative.

    Examples
    --------
    >>> tag_weights(np.array([[3.0, 0.0], [1.0, 0.0], [0.0, 2.0]])).round(9).tolist()
    [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    vectors = tag_vectors(tags)
    return np.asarray(vectors @ vectors.T)


def walk_weights(interactions: Floats, *, restart: float) -> Floats:
    """Return where a walk that starts at each artist spends its time: personalised PageRank.

    A double step goes to a listener of the artist and on to an artist of theirs; before each, the walk goes
    back to its start with chance `restart`. With T the chances of a double step, the weights are
    restart (I - (1 - restart) T)^-1. Chapter: explainable_recommendation.

    Parameters
    ----------
    interactions : ndarray of 0 and 1, shape (n_users, n_items)
        Who played what.
    restart : float in (0, 1)
        Chance to go back.

    Returns
    -------
    ndarray, shape (n_items, n_items)
        Row j is the walk from j; if j has a listener, it adds up to 1.

    Raises
    ------
    ValueError
        If `restart` is outside (0, 1), or the interactions are not ones and zeros.

    Examples
    --------
    Two artists with one listener: T is 1/2 everywhere.

    >>> walk_weights(np.array([[1.0, 1.0]]), restart=0.5).round(9).tolist()
    [[0.75, 0.25], [0.25, 0.75]]
    """
    if not 0 < restart < 1:
        raise ValueError(f"restart is {restart}, expected a number between 0 and 1")
    _require_ones(interactions)
    to_listener = interactions.T / np.maximum(interactions.sum(axis=0), 1)[:, np.newaxis]
    to_artist = interactions / np.maximum(interactions.sum(axis=1), 1)[:, np.newaxis]
    double_step = to_listener @ to_artist
    return np.asarray(restart * np.linalg.inv(np.eye(len(double_step)) - (1 - restart) * double_step))


def mixed_weights(linear: Floats, by_tags: Floats, interactions: Floats, *, share: float) -> Floats:
    """Return a mix of two additive models, each brought to scores of spread 1: still additive.

    The spread is that of the scores over all users and items, one number a model; a spread of each user's
    own would change when an artist is taken out. Chapter: explainable_recommendation.

    Parameters
    ----------
    linear, by_tags : ndarray, shape (n_items, n_items)
        Weights of the two models.
    interactions : ndarray of 0 and 1, shape (n_users, n_items)
        The histories that are scored for the spread.
    share : float in [0, 1]
        Weight of `by_tags`.

    Returns
    -------
    ndarray, shape (n_items, n_items)

    Raises
    ------
    ValueError
        If `share` is outside [0, 1], or the interactions are not ones and zeros.

    Examples
    --------
    Scores of the first are 0 and 2 (spread 1), those of the second 0 and 1 (spread 1/2, so it counts double).

    >>> first, second = np.array([[0.0, 2.0], [2.0, 0.0]]), np.eye(2)
    >>> mixed_weights(first, second, np.eye(2), share=0.5).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}, expected a number from 0 to 1")
    _require_ones(interactions)
    first, second = ((interactions @ weights).std() or 1.0 for weights in (linear, by_tags))
    return np.asarray((1 - share) / first * linear + share / second * by_tags)


def _require_ones(interactions: Floats) -> None:
    if interactions.ndim != 2 or not np.isin(interactions, (0, 1)).all():
        raise ValueError(
            f"interactions have shape {interactions.shape}, expected ones and zeros, users by items; "
            "for counts pass (counts > 0).astype(float)"
        )
