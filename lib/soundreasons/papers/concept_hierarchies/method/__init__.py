"""The paper, definition by definition.

Read in this order: `network` (a network that hears), `tracks` (learned from, judged on), `probe` (a concept
is a direction, eq-probe), `similarity` (S, eq-similarity, and its graph), `centrality` (betweenness),
`hierarchy` (the tree, alg-greedy); then `structures` (the metric and the rivals of the paper's tables),
`agreement` (with what people say) and `chance`. Where `fast` has the same name, it gives the same faster, and
is what experiments call.
"""

from soundreasons.papers.concept_hierarchies.method.agreement import (
    NOWHERE,
    TooFew,
    ancestor_f1,
    nearest_in_group,
    related_share,
    same_group_share,
    share_interval,
    sibling_distances,
    true_parent_share,
)
from soundreasons.papers.concept_hierarchies.method.centrality import (
    betweenness,
)
from soundreasons.papers.concept_hierarchies.method.chance import (
    Null,
    permuted_null,
    random_null,
    random_tree,
)
from soundreasons.papers.concept_hierarchies.method.hierarchy import (
    Hierarchy,
    ancestors,
    build_hierarchy,
    depths,
    edges,
    entry_order,
    parents,
)
from soundreasons.papers.concept_hierarchies.method.network import (
    LAYERS,
    PATCH_SAMPLES,
    SAMPLE_RATE,
    VggTagger,
    log_mel,
)
from soundreasons.papers.concept_hierarchies.method.probe import (
    ACCURACY_TO_KEEP,
    Probes,
    ProbeSettings,
    balanced_accuracy,
    balanced_loss,
    fit_probe,
    passing,
    probabilities,
    probability,
)
from soundreasons.papers.concept_hierarchies.method.similarity import (
    concept_similarity,
    density,
    similarity_graph,
    threshold_for,
)
from soundreasons.papers.concept_hierarchies.method.structures import (
    LEAST_SIMILARITY,
    SPARSE_THRESHOLD,
    EdgeScore,
    Kind,
    edge_scores,
    embedding_similarity,
    n_components,
    random_pairs,
    random_partners,
    top_one,
)
from soundreasons.papers.concept_hierarchies.method.tracks import (
    TEST,
    TRAIN,
    VALIDATION,
    shuffled_labels,
    split_tracks,
)
