"""One module a section of the page, named after it; `splits` is what every section starts from."""

from soundreasons.papers.explainable_recommendation.experiments import (
    accuracy,
    audiences,
    axes,
    bias,
    counterfactuals,
    criteria,
    faithful,
    forms,
    goals,
    industry,
    one_recommendation,
    places,
    plausible,
    sanity,
    scrutable,
    splits,
    stable,
)
