"""What is read and drawn: the paper's tasks, our generators, real tables. Chapter: functional_attribution."""

from soundreasons.papers.functional_attribution.data.decision_tables import (
    DecisionTable,
    decision_table,
    tables_here,
)
from soundreasons.papers.functional_attribution.data.generators import (
    drawn_tasks,
    multivariate_task,
    univariate_task,
)
from soundreasons.papers.functional_attribution.data.published import (
    available,
    published_levels,
    published_tasks,
    rerun_table,
)
from soundreasons.papers.functional_attribution.data.task_sets import (
    TaskSet,
    describe,
    sources_here,
    stated_against_truth,
    task_set,
    tuning_set,
)
