"""What would have to be missing."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from soundreasons.papers.explainable_recommendation.fast.evidence import Context
from soundreasons.papers.explainable_recommendation.fast.exact import TOP
from soundreasons.papers.explainable_recommendation.fast.explainers import explainers
from soundreasons.papers.explainable_recommendation.fast.pairs import explained, place_without
from soundreasons.papers.explainable_recommendation.fast.recommenders import Recommender


def counterfactuals(model: Recommender, users: Sequence[int], context: Context) -> pd.DataFrame:
    """Find the counterfactual of every pair and check it by scoring anew.

    Chapter: explainable_recommendation.

    Returns
    -------
    DataFrame, one row a pair
        `user`, `n_history`, `found` (whether there is one), `size` and `share` of the history, `valid`
        (whether the item is really out of the top ten); NaN where none was found.
    """
    rows = []
    for pair in explained(model, explainers["counterfactual"], users, context):
        removed = pair.evidence.items
        n_history, found = len(pair.history), len(removed) > 0
        place = place_without(model, pair.user, pair.item, removed) if found else np.nan
        size = len(removed) if found else np.nan
        rows.append(
            (pair.user, n_history, found, size, size / n_history, float(place >= TOP) if found else np.nan)
        )
    return pd.DataFrame(rows, columns=["user", "n_history", "found", "size", "share", "valid"])


def by_length(sizes: pd.DataFrame) -> dict[str, float]:
    """Average counterfactuals over all pairs, and over the shorter and the longer half of the histories.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    sizes : DataFrame
        Of `counterfactuals`.

    Returns
    -------
    dict
        `found` (share of the pairs), and mean numbers of `artists`, also of `shorter` and `longer histories`.

    Examples
    --------
    >>> sizes = pd.DataFrame({"n_history": [5, 9], "found": [True, False], "size": [2.0, np.nan]})
    >>> by_length(sizes)
    {'found': 0.5, 'artists': 2.0, 'shorter histories': 2.0, 'longer histories': nan}
    """
    short = sizes["n_history"] <= sizes["n_history"].median()
    return {
        "found": float(sizes["found"].mean()),
        "artists": float(sizes["size"].mean()),
        "shorter histories": float(sizes.loc[short, "size"].mean()),
        "longer histories": float(sizes.loc[~short, "size"].mean()),
    }
