"""The paper, definition by definition, each as plain as its formula; numpy in and out.

Read in this order, which is that of the page:

1. `relations.relation`: functional dependence on finite data, domains, solutions (def-dependence to
   def-solution).
2. `tasks.MixtureTask`: a task whose probability and conditional means are exact, and so its answer.
3. `relaxed.unexplained`: how much of the output is open once some features are known.
4. `perturbation`, `gradients`: the methods that give one number a feature, by name in `attributions`.
5. `decision_rule.select`: from such numbers to a selection.
6. `subset_methods`: selections from the conditional means of subsets, by name in `EXACT_SELECTORS`;
   `interactions`: one more, of ours.
7. `scores`: accuracy, and the property score that needs no truth.

`subsets` holds what is counted over all subsets, `checks` what a task must be made of. `fast` computes all
conditional means at once.
"""

from soundreasons.papers.functional_attribution.method.attributions import (
    GRADIENT_METHODS,
    Attribution,
    attributions,
    with_variance,
)
from soundreasons.papers.functional_attribution.method.decision_rule import select, select_codes, select_one
from soundreasons.papers.functional_attribution.method.gradients import (
    deeplift,
    expected_gradients,
    gradient,
    gradient_x_input,
    integrated_gradients,
)
from soundreasons.papers.functional_attribution.method.interactions import (
    shapley_interactions,
    strongest_interaction,
)
from soundreasons.papers.functional_attribution.method.perturbation import (
    gam,
    lime_categorical,
    lime_continuous,
    permutation_importance,
    shapley_conditional,
    shapley_mean_point,
)
from soundreasons.papers.functional_attribution.method.relations import Relation, figure_relation, relation
from soundreasons.papers.functional_attribution.method.relaxed import unexplained
from soundreasons.papers.functional_attribution.method.scores import (
    is_correct,
    keeps_property,
    property_score,
)
from soundreasons.papers.functional_attribution.method.subset_methods import (
    EXACT_SELECTORS,
    Selector,
    archipelago,
    boosted,
    confidence,
    mixture_weights,
    most_confident,
    pair_strength,
)
from soundreasons.papers.functional_attribution.method.subsets import subset_name
from soundreasons.papers.functional_attribution.method.tasks import (
    GRADIENT_VARIANCE,
    PUBLISHED_FLOOR,
    SPACING,
    VARIANCE,
    MixtureTask,
)
