"""The paper, definition by definition: read the modules in this order.

1. `subsets`: groups, candidate subsets, who contains whom (`inclusion_matrix`, eq-inclusion).
2. `gates`: how sure an expert is, how much it counts, what all say together (`confidence`, `gate_weights`,
   `mixture`, def-mixture). `fast.gate_weights` is the same as one matrix product; the package offers it.
3. `attribution`: what is read off the weights (`explaining_subset`, def-mixture).
4. `experts`: one network of blocks, and that nothing leaks (`RestrictedExperts`, `leaks`, prop-leak).
5. `learning`: the E-step, the loss and the training (`responsibilities`, `em_loss`, eq-em, `fit`).
6. `transformer` and `skip_scores`: the same for sessions, and how skips are judged.
"""

from soundreasons.papers.interpretable_attribution.method.attribution import (
    explaining_subset,
    family_attribution,
    group_attribution,
    normalised,
)
from soundreasons.papers.interpretable_attribution.method.experts import RestrictedExperts, expand_mask, leaks
from soundreasons.papers.interpretable_attribution.method.gates import (
    GATES,
    confidence,
    gate_weights,
    mixture,
)
from soundreasons.papers.interpretable_attribution.method.learning import (
    FILM_STEP,
    GENERIC_STEP,
    SESSION_STEP,
    TOY_STEP,
    Draw,
    EStep,
    check_labels,
    em_loss,
    expert_losses,
    fit,
    responsibilities,
)
from soundreasons.papers.interpretable_attribution.method.skip_scores import (
    first_accuracy,
    mean_average_accuracy,
    session_accuracy,
)
from soundreasons.papers.interpretable_attribution.method.subsets import (
    check_groups,
    column_mask,
    inclusion_matrix,
    strict_children,
    subset_names,
    subset_table,
)
from soundreasons.papers.interpretable_attribution.method.transformer import (
    Attention,
    RestrictedTransformer,
    TransformerSize,
)
