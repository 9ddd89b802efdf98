"""The definitions of the chapter, one formula a function, on small dense arrays and with no trick for speed.

Read in this order: `additive` (what a history adds, and where five models have it from), `factorisation`
(the model that is not additive, and why its terms are no causes), `weighing` (influence, Shapley, LIME),
`criteria` (what makes a reason good), `removal` (what would have to be missing). A model is known here by its
`Scores` alone: a function from a history to one number an item. The package `fast` has the same on sparse
matrices, many histories at once; it is tested equal.
"""

from soundreasons.papers.explainable_recommendation.method.additive import (
    additive_terms,
    ease_weights,
    mixed_weights,
    neighbour_weights,
    tag_vectors,
    tag_weights,
    walk_weights,
)
from soundreasons.papers.explainable_recommendation.method.criteria import (
    comprehensiveness,
    deletion_curve,
    gini,
    jaccard,
    length,
    novelty,
    remainder,
    sufficiency,
)
from soundreasons.papers.explainable_recommendation.method.factorisation import (
    factorisation_terms,
    influence_in_closed_form,
    user_matrix,
    user_vectors,
)
from soundreasons.papers.explainable_recommendation.method.removal import counterfactual, place
from soundreasons.papers.explainable_recommendation.method.weighing import Scores, influence, lime, shapley
