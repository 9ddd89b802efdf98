"""Explainability in Music Recommender Systems (Afchar et al., AI Magazine 2022), made executable.

Read `method` first: each model's exact terms, influence, what makes a reason good, what would have to be
missing. `fast` has the same for whole data sets: seven recommenders, sixteen `explainers` that give weighted
`Evidence` for a recommendation, eighteen `criteria` that judge it. Then `experiments`, one module a section.
Chapter: explainable_recommendation.
"""

from soundreasons.papers.explainable_recommendation import data, experiments, fast, figures, method
from soundreasons.papers.explainable_recommendation.fast.additive import (
    EASE,
    Hybrid,
    ItemKNN,
    PageRank,
    TagContent,
)
from soundreasons.papers.explainable_recommendation.fast.criteria import criteria
from soundreasons.papers.explainable_recommendation.fast.evidence import Context, Evidence
from soundreasons.papers.explainable_recommendation.fast.explainers import explainers
from soundreasons.papers.explainable_recommendation.fast.factorisation import ALS
from soundreasons.papers.explainable_recommendation.fast.pairs import pairs
from soundreasons.papers.explainable_recommendation.fast.ranking import top
from soundreasons.papers.explainable_recommendation.fast.recommenders import Popularity, Recommender
