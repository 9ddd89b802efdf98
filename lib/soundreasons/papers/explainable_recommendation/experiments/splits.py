"""What every section starts from: a split of the listening, and models fitted on the larger part."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.data.listening import Listening, split
from soundreasons.papers.explainable_recommendation.fast.criteria import criteria
from soundreasons.papers.explainable_recommendation.fast.evidence import Context
from soundreasons.papers.explainable_recommendation.fast.explainers import explainers
from soundreasons.papers.explainable_recommendation.fast.lineup import fit_all
from soundreasons.papers.explainable_recommendation.fast.recommenders import Recommender


class Split(NamedTuple):
    """One split: models fitted on `train`, to be judged by `test`, and what else is known."""

    models: dict[str, Recommender]
    train: sp.csr_matrix
    test: sp.csr_matrix
    context: Context


def fit_split(listening: Listening, seed: int, *, n_samples: int = 500, device: str = "cpu") -> Split:
    """Split, and fit the seven models on the larger part; hidden tags stay hidden.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    listening : Listening
        What is split.
    seed : int
        Of the split, of ALS, and of whatever explainers draw.
    n_samples : int
        As in `Context`.
    device : str
        Where large matrices are inverted.

    Returns
    -------
    Split
    """
    train, test = split(listening.interactions, seed)
    context = Context(
        train,
        listening.tags,
        listening.friends,
        listening.graph,
        plays=sp.csr_matrix(listening.plays.multiply(train)),
        held_tags=listening.held_tags if listening.held_tags.nnz else None,
        n_samples=n_samples,
        seed=seed,
    )
    return Split(fit_all(listening.tags, train, seed=seed, device=device), train, test, context)


def chosen_users(part: Split, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw users who have a history of five or more and something hidden to find.

    Chapter: explainable_recommendation.
    """
    eligible = np.flatnonzero((np.diff(part.test.indptr) > 0) & (np.diff(part.train.indptr) >= 5))
    return np.sort(rng.choice(eligible, min(n, len(eligible)), replace=False))


def over_splits(
    criterion: str, explainer: str, model: str, parts: Sequence[Split], crowds: Sequence[NDArray[np.int64]]
) -> list[float]:
    """Mean of a criterion for an explainer of a model, one number a split.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    criterion, explainer, model : str
        Of `criteria`, `explainers` and the models of a part.
    parts : sequence of Split
        One a split.
    crowds : sequence of ndarray of int
        The users asked in each.

    Returns
    -------
    list of float
    """
    return [
        float(
            np.nanmean(
                criteria[criterion](part.models[model], explainers[explainer], users.tolist(), part.context)
            )
        )
        for part, users in zip(parts, crowds, strict=True)
    ]


def side_by_side(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Lay tables of the same shape into one, whose cells are lists: one number a table.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    tables : sequence of DataFrame
        One a split, with the same rows and columns.

    Returns
    -------
    DataFrame of lists

    Raises
    ------
    ValueError
        If there is no table, or rows or columns differ.

    Examples
    --------
    >>> one, two = (pd.DataFrame({"ndcg": [value]}, index=["ease"]) for value in (0.2, 0.3))
    >>> side_by_side([one, two]).loc["ease", "ndcg"]
    [0.2, 0.3]
    """
    if not tables or any(not each.axes[0].equals(tables[0].index) for each in tables):
        raise ValueError(f"{len(tables)} tables, expected one or more with the same rows and columns")
    values = np.stack([each[tables[0].columns].to_numpy(dtype=np.float64) for each in tables], axis=-1)
    columns = dict(zip(tables[0], values.swapaxes(0, 1).tolist(), strict=True))
    return pd.DataFrame(columns, index=tables[0].index)
