"""A sanity check: reasons that tell of a model change when the model forgets."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from soundreasons.papers.explainable_recommendation.fast.evidence import Context
from soundreasons.papers.explainable_recommendation.fast.explainers import Explainer
from soundreasons.papers.explainable_recommendation.fast.factorisation import ALS
from soundreasons.papers.explainable_recommendation.fast.pairs import explained
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats


def randomised(model: ALS, share: float, rng: np.random.Generator) -> ALS:
    """Exchange the factors of a share of the items among themselves.

    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        If the share is outside [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}, expected a number from 0 to 1")
    factors = model.item_factors.copy()
    rows = rng.permutation(len(factors))[: round(share * len(factors))]
    factors[rows] = factors[rng.permutation(rows)]
    return model.with_factors(factors)


def sanity(
    model: ALS, explainer: Explainer, users: Sequence[int], context: Context, shares: Sequence[float],
    rng: np.random.Generator,
) -> dict[float, float]:  # fmt: skip
    """Correlate explanations before and after the model was randomised (Adebayo et al., 2018).

    Spearman over the artists of the history (over the tags cited, for tags), mean over the pairs that
    the true model recommends. An explanation that tells of the model must forget.
    Chapter: explainable_recommendation.
    """
    asked = explained(model, explainer, users, context)
    found = {}
    for share in shares:
        other = randomised(model, share, rng)
        values = []
        for pair in asked:
            one, two = pair.evidence, explainer(other, pair.user, pair.item, context)
            values.append(_rank_agreement(one.items, one.weights, two.items, two.weights))
        found[share] = float(np.nanmean(values))
    return found


def _rank_agreement(
    items: NDArray[np.int64], weights: Floats, others: NDArray[np.int64], other_weights: Floats
) -> float:
    first, second = np.argsort(items), np.argsort(others)
    if len(items) < 3 or np.ptp(weights) == 0 or np.ptp(other_weights) == 0:
        return np.nan
    return float(spearmanr(weights[first], other_weights[second]).statistic)
