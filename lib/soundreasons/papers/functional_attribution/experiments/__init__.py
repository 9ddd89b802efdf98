"""What the page does, section by section. Chapter: functional_attribution."""

from soundreasons.papers.functional_attribution.experiments import (
    audit,
    comparisons,
    contest,
    knowing_more,
    learned,
    learned_selectors,
    real_data,
    rerun,
)
