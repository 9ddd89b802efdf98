"""Learning Unsupervised Hierarchies of Audio Concepts (Afchar, Hennequin, Guigue, ISMIR 2022), rebuilt.

Read `method` first: `fit_probe` (a concept is a direction), `concept_similarity` (S), `betweenness` (who is
central), `build_hierarchy` (the tree). `fast` has the same in the form that `experiments` call, one module a
section of the page; `data` is what is read, `testbed` the clips that we play. Of what stands in both `method`
and `fast` this package offers the fast form. Chapter: concept_hierarchies.
"""

from soundreasons.papers.concept_hierarchies import data, experiments, fast, figures, method, testbed
from soundreasons.papers.concept_hierarchies.fast import betweenness, fit_probes, probabilities
from soundreasons.papers.concept_hierarchies.method import (
    LAYERS,
    NOWHERE,
    PATCH_SAMPLES,
    SAMPLE_RATE,
    Hierarchy,
    Probes,
    ProbeSettings,
    TooFew,
    VggTagger,
    build_hierarchy,
    concept_similarity,
    density,
    edge_scores,
    edges,
    entry_order,
    fit_probe,
    log_mel,
    parents,
    passing,
    probability,
    random_null,
    same_group_share,
    shuffled_labels,
    similarity_graph,
    split_tracks,
    top_one,
)
