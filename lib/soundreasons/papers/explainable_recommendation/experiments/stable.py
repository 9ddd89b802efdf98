"""Do reasons last?"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from soundreasons.papers.explainable_recommendation.fast.evidence import Context
from soundreasons.papers.explainable_recommendation.fast.explainers import Explainer, explainers
from soundreasons.papers.explainable_recommendation.fast.pairs import N_SHOWN, Pair, explained
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender
from soundreasons.papers.explainable_recommendation.method.criteria import jaccard


def retrained_agreement(
    model: Recommender, other: Recommender, explainer: Explainer, users: Sequence[int], context: Context
) -> Floats:
    """Jaccard of the cited artists for the same pairs, from a model and from the same one trained anew.

    Chapter: explainable_recommendation.
    """
    asked = explained(model, explainer, users, context)
    again = [Pair(other, explainer, pair.user, pair.item, context) for pair in asked]
    return np.array(
        [jaccard(one.cited[:N_SHOWN], two.cited[:N_SHOWN]) for one, two in zip(asked, again, strict=True)]
    )


def retrained_table(
    model: Recommender, others: Mapping[str, Recommender], names: Sequence[str], users: Sequence[int],
    context: Context,
) -> pd.DataFrame:  # fmt: skip
    """Mean overlap of the cited artists of a model with those of others, one row an explainer.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    model : Recommender
        Its five recommendations a user are explained.
    others : mapping of name to Recommender
        The same model trained anew, one column each.
    names : sequence of str
        Of `explainers`.
    users : sequence of int
        Who is asked.
    context : Context
        What else is known.

    Returns
    -------
    DataFrame of float in [0, 1]
    """
    return pd.DataFrame(
        {
            change: {
                name: np.nanmean(retrained_agreement(model, other, explainers[name], users, context))
                for name in names
            }
            for change, other in others.items()
        }
    )
