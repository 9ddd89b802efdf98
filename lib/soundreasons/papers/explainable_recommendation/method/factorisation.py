"""Matrix factorisation of implicit feedback (eq-als): its terms add up too, but they are no causes."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def user_matrix(
    item_factors: Floats, history: NDArray[np.int64], *, alpha: float, regularisation: float
) -> Floats:
    r"""Return $W^u$ of eq-als: what was played counts $1 + \alpha$ times, the rest once.

    The inverse of $\lambda I + \sum_k y_k y_k^\top + \alpha \sum_{j \in R_u} y_j y_j^\top$. It depends on the
    history: that is why this model is not additive. Chapter: explainable_recommendation.

    Parameters
    ----------
    item_factors : ndarray, shape (n_items, n_factors)
        The items' vectors y.
    history : ndarray of int, shape (n_history,)
        Items that the user played.
    alpha : float, above 0
        Confidence is 1 + alpha for what was played, 1 for the rest.
    regularisation : float, from 0
        The paper's lambda.

    Returns
    -------
    ndarray, shape (n_factors, n_factors)

    Raises
    ------
    ValueError
        If `alpha` is not above 0, or `regularisation` is below 0.

    Examples
    --------
    One factor, three items of which one was played: 1 + 1 + 1 + 2 * 1 = 5.

    >>> user_matrix(np.ones((3, 1)), np.array([0]), alpha=2.0, regularisation=0.0).tolist()
    [[0.2]]
    """
    if not alpha > 0 or regularisation < 0:
        raise ValueError(
            f"alpha is {alpha} and regularisation {regularisation}, expected above 0 and 0 or more"
        )
    played = item_factors[history]
    everything = item_factors.T @ item_factors + alpha * played.T @ played
    return np.asarray(np.linalg.inv(everything + regularisation * np.eye(item_factors.shape[1])))


def factorisation_terms(
    item_factors: Floats, history: NDArray[np.int64], item: int, *, alpha: float, regularisation: float
) -> Floats:
    r"""Return $(1 + \alpha)\, y_i^\top W^u y_j$ for each artist j of a history: the terms of eq-als.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    item_factors, history, alpha, regularisation
        As for `user_matrix`.
    item : int
        The item i that is scored.

    Returns
    -------
    ndarray, shape (n_history,)
        In score units; their sum is the score.

    Raises
    ------
    ValueError
        As `user_matrix`.

    Examples
    --------
    The exercise of the page: a hundred items with y = 1, ten of them played. W is 1 / 300, a term 21 / 300.

    >>> terms = factorisation_terms(np.ones((100, 1)), np.arange(10), 50, alpha=20.0, regularisation=0.0)
    >>> terms.round(9).tolist() == [0.07] * 10
    True
    """
    solved = user_matrix(item_factors, history, alpha=alpha, regularisation=regularisation)
    return np.asarray((1 + alpha) * item_factors[history] @ solved @ item_factors[item])


def influence_in_closed_form(
    item_factors: Floats, history: NDArray[np.int64], item: int, *, alpha: float, regularisation: float
) -> Floats:
    """Return what the score loses without each artist, by prop-als: from its term, own score and leverage.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    item_factors, history, item, alpha, regularisation
        As for `factorisation_terms`.

    Returns
    -------
    ndarray, shape (n_history,)
        In score units.

    Raises
    ------
    ValueError
        As `user_matrix`.

    Examples
    --------
    The same exercise: 210 / 300 - 189 / 280 = 0.025, about a third of the term.

    >>> lost = influence_in_closed_form(np.ones((100, 1)), np.arange(10), 50, alpha=20.0, regularisation=0.0)
    >>> lost.round(9).tolist() == [0.025] * 10
    True
    """
    settings = {"alpha": alpha, "regularisation": regularisation}
    played, solved = item_factors[history], user_matrix(item_factors, history, **settings)
    leverages = np.diag(played @ solved @ played.T)
    own_scores = (1 + alpha) * (played @ solved @ played.T).sum(axis=1)
    terms = factorisation_terms(item_factors, history, item, **settings)
    return np.asarray(terms * (1 - alpha / (1 + alpha) * own_scores) / (1 - alpha * leverages))


def user_vectors(
    histories: list[NDArray[np.int64]], item_factors: Floats, *, alpha: float, regularisation: float
) -> Floats:
    r"""Return $x_u = W^u \sum_{j \in R_u} (1 + \alpha)\, y_j$ for each history: half a step of the fit.

    The other half is the same with users and items exchanged; the two alternate until the vectors stay.
    Chapter: explainable_recommendation.

    Parameters
    ----------
    histories : list of ndarray of int
        Items of each user.
    item_factors, alpha, regularisation
        As for `user_matrix`.

    Returns
    -------
    ndarray, shape (n_users, n_factors)

    Raises
    ------
    ValueError
        As `user_matrix`.

    Examples
    --------
    One factor: with W = 1/5 as above, x is 3/5.

    >>> user_vectors([np.array([0])], np.ones((3, 1)), alpha=2.0, regularisation=0.0).round(9).tolist()
    [[0.6]]
    """
    return np.array(
        [
            user_matrix(item_factors, history, alpha=alpha, regularisation=regularisation)
            @ ((1 + alpha) * item_factors[history].sum(axis=0))
            for history in histories
        ]
    )
