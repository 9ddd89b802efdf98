"""Figures: `plots` take data and Axes; `pages` draw, with captions, what the page shows."""

from soundreasons.papers.concept_hierarchies.figures.outline import Outline
from soundreasons.papers.concept_hierarchies.figures.pages import (
    accuracy,
    chance,
    concept_map,
    concepts_over_time,
    layers,
    orders,
    tags_over_time,
    trees,
)
