"""Is the computation more faithful than a surrogate?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from soundreasons.papers.explainable_recommendation.fast.evidence import Context
from soundreasons.papers.explainable_recommendation.fast.exact import influence_of
from soundreasons.papers.explainable_recommendation.fast.factorisation import ALS
from soundreasons.papers.explainable_recommendation.fast.pairs import pairs


def term_and_influence(model: ALS, users: Sequence[int], context: Context) -> pd.DataFrame:
    """Lay the heaviest exact term of each pair beside what is lost without that artist.

    Chapter: explainable_recommendation.

    Returns
    -------
    DataFrame, one row a pair
        `exact`, `influence`, `formula` (influence by the closed form), and `foretold`: the score that the
        rest of the history, without the artist, gives to it.
    """
    rows = []
    for user, item in pairs(model, users):
        history = model.history(user)
        terms = model.contributions(history, np.array([item]))[:, 0]
        first = int(np.argmax(terms))
        lost = influence_of(model, history, item)[first]
        own, leverage = model.foretold(history)
        alpha = model.alpha
        formula = terms[first] * (1 - alpha / (1 + alpha) * own[first]) / (1 - alpha * leverage[first])
        rest = (own[first] - (1 + alpha) * leverage[first]) / (1 - alpha * leverage[first])
        rows.append((terms[first], lost, formula, rest))
    return pd.DataFrame(rows, columns=["exact", "influence", "formula", "foretold"])


def by_foretold(split: pd.DataFrame) -> pd.DataFrame:
    """Average terms and influences by how well the rest of the history foretells the artist, in quarters.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    split : DataFrame
        Of `term_and_influence`.

    Returns
    -------
    DataFrame
        Means of `exact` and `influence` of each quarter that occurs, and `kept`, their ratio.

    Examples
    --------
    >>> split = pd.DataFrame({"exact": [1.0, 2.0], "influence": [0.9, 0.2], "foretold": [0.1, 0.8]})
    >>> by_foretold(split)["kept"].to_dict()
    {'below a quarter': 0.9, 'above': 0.1}
    """
    quarters = ["below a quarter", "to a half", "to three quarters", "above"]
    groups = pd.cut(split["foretold"], [-np.inf, 0.25, 0.5, 0.75, np.inf], labels=quarters)
    table = split.groupby(groups, observed=True)[["exact", "influence"]].mean()
    table.index = pd.Index(table.index.astype(str), name="foretold by the rest")
    return table.assign(kept=table["influence"] / table["exact"])
