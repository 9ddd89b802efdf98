"""What of the method needs another form for speed: equal to `method`, which tests check on random input.

`gates.gate_weights` and `experts.RestrictedExperts` are matrix products; `experts.stack_experts` puts several
networks side by side; `learning.fit` is the training that experiments call.
"""

from soundreasons.papers.interpretable_attribution.fast.experts import (
    RestrictedExperts,
    stack_experts,
    unstack_experts,
)
from soundreasons.papers.interpretable_attribution.fast.gates import gate_weights
from soundreasons.papers.interpretable_attribution.fast.learning import (
    batch_loss,
    descend,
    e_step,
    fit,
    keep_best,
)
