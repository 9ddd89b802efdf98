"""Towards Rigorous Interpretations (Afchar, Guigue, Hennequin, ICML 2021), rebuilt.

Read `method` first: when some features decide an output (`relation`), when they almost do (`unexplained`),
tasks whose answer is known (`MixtureTask`), the methods that claim to find it (`attributions`,
`EXACT_SELECTORS`), how scores become a selection (`select`), and how that is judged (`is_correct`,
`property_score`). `experiments.audit` asks a method of one's own. Chapter: functional_attribution.
"""

from soundreasons.papers.functional_attribution import data, experiments, fast, figures, method
from soundreasons.papers.functional_attribution.data.generators import (
    drawn_tasks,
    multivariate_task,
    univariate_task,
)
from soundreasons.papers.functional_attribution.data.task_sets import task_set, tuning_set
from soundreasons.papers.functional_attribution.experiments.audit import audit
from soundreasons.papers.functional_attribution.experiments.comparisons import best_levels, summary
from soundreasons.papers.functional_attribution.experiments.contest import contest
from soundreasons.papers.functional_attribution.method import (
    EXACT_SELECTORS,
    GRADIENT_METHODS,
    VARIANCE,
    MixtureTask,
    attributions,
    figure_relation,
    is_correct,
    most_confident,
    property_score,
    relation,
    select,
    unexplained,
    with_variance,
)
