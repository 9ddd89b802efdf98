"""Does the more accurate model explain itself better?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from soundreasons.papers.explainable_recommendation.experiments.accuracy import mean_accuracy
from soundreasons.papers.explainable_recommendation.experiments.splits import Split
from soundreasons.papers.explainable_recommendation.fast.criteria import criteria
from soundreasons.papers.explainable_recommendation.fast.evidence import Context
from soundreasons.papers.explainable_recommendation.fast.exact import TOP
from soundreasons.papers.explainable_recommendation.fast.explainers import explainers
from soundreasons.papers.explainable_recommendation.fast.people import neighbours
from soundreasons.papers.explainable_recommendation.fast.ranking import top
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender

PERSONAL = ("tags", "knn", "pagerank", "als", "ease", "hybrid")


def model_axes(part: Split, users: Sequence[int], names: Sequence[str] = PERSONAL) -> pd.DataFrame:
    """Lay accuracy beside qualities of explanation, one row a model.

    Explained by "exact" reasons; `ndcg`, `explainability` (precision by neighbours; its recall is
    `explainable found`), `rules` (share of recommendations that a rule explains), `plausibility`,
    `novelty` of evidence (bits), `deletion`.
    Chapter: explainable_recommendation.
    """
    rows = {}
    for name in names:
        model, ask = part.models[name], explainers["exact"]
        precision, recall = explainability(model, users, part.context)
        rows[name] = {
            "ndcg": mean_accuracy(model, part)["ndcg"],
            "explainability": precision.mean(),
            "explainable found": np.nanmean(recall),
            "rules": criteria["answered"](model, explainers["rules"], users, part.context).mean(),
        }
        for each in ("plausibility", "novelty", "deletion"):
            rows[name][each] = np.nanmean(criteria[each](model, ask, users, part.context))
    return pd.DataFrame(rows).T


def rank_correlation(table: pd.DataFrame, first: str, second: str) -> float:
    """Spearman correlation of two columns over the models.

    Chapter: explainable_recommendation.
    """
    return float(spearmanr(table[first], table[second]).statistic)


def explainability(
    model: Recommender, users: Sequence[int], context: Context, *, least: int = 5, n: int = TOP
) -> tuple[Floats, Floats]:
    """Explainability precision and recall (Abdollahi and Nasraoui, 2017), one value a user.

    An unseen item is explainable if `least` of the fifty users most alike listen to it. Precision is
    the share of the recommended that is explainable, recall the share of the explainable that is
    recommended (NaN if nothing is).
    Chapter: explainable_recommendation.
    """
    precision, recall = [], []
    for user in users:
        near, _ = neighbours(int(user), context)
        known = np.asarray(context.interactions[near].sum(axis=0)).ravel() >= least
        known[model.history(int(user))] = False
        good = known[top(model, int(user), n)]
        precision.append(good.mean())
        recall.append(good.sum() / known.sum() if known.any() else np.nan)
    return np.array(precision), np.array(recall)
