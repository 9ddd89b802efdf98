"""Making Neural Networks Interpretable with Attribution (Afchar and Hennequin, RecSys 2020), rebuilt.

Read `method` first, in the order of its docstring: who contains whom (`inclusion_matrix`), how sure an expert
is and how much it counts (`confidence`, `gate_weights`), one network of blocks that see what they declare
(`RestrictedExperts`), the loss (`responsibilities`, `em_loss`). `fast` holds the two that the package offers
in a quicker form, equal to those of `method`; `data` what is read and drawn; `experiments` one module a
section of the page. To explain a table of your own: `RestrictedClassifier`.
Chapter: interpretable_attribution.
"""

from soundreasons.papers.interpretable_attribution import data, experiments, fast, figures, method
from soundreasons.papers.interpretable_attribution.experiments.table_classifier import (
    RestrictedClassifier,
    TableTraining,
)
from soundreasons.papers.interpretable_attribution.fast import RestrictedExperts, gate_weights
from soundreasons.papers.interpretable_attribution.method import (
    GATES,
    EStep,
    RestrictedTransformer,
    confidence,
    em_loss,
    expert_losses,
    explaining_subset,
    fit,
    inclusion_matrix,
    leaks,
    mixture,
    normalised,
    responsibilities,
    strict_children,
    subset_table,
)
