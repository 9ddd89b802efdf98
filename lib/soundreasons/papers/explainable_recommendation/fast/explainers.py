"""All explainers by name: each a function (model, user, item, context) -> Evidence."""

from collections.abc import Callable

import numpy as np

from soundreasons.papers.explainable_recommendation.fast import (
    exact,
    paths,
    people,
    perturbation,
    surrogates,
    words,
)
from soundreasons.papers.explainable_recommendation.fast.evidence import Context, Evidence
from soundreasons.papers.explainable_recommendation.fast.recommenders import Recommender

Explainer = Callable[[Recommender, int, int, Context], Evidence]


def decoy(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Cite artists of the history at random: what any explanation must beat.

    Chapter: explainable_recommendation.
    """
    history = model.history(user)
    weights = np.random.default_rng([context.seed, user, item]).random(len(history))
    return Evidence(history, weights, "artists")


explainers: dict[str, Explainer] = {
    "exact": exact.exact,
    "influence": exact.influence,
    "hooks": exact.hooks_and_discovery,
    "counterfactual": exact.counterfactual,
    "contrastive": exact.contrastive,
    "lime": perturbation.lime,
    "shapley": perturbation.shapley,
    "tags": words.tags,
    "paths": paths.paths,
    "listeners": people.listeners,
    "friends": people.friends,
    "rules": surrogates.rule_evidence,
    "surrogate": surrogates.surrogate_tags,
    "prototypes": surrogates.prototypes,
    "random": decoy,
    "random_tags": words.random_tags,
}
