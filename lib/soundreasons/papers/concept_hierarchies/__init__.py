"""Learning Unsupervised Hierarchies of Audio Concepts (Afchar, Hennequin, Guigue, ISMIR 2022), rebuilt.

A pretrained tagger without TensorFlow (`load_tagger`), concepts as directions in it (`fit_probes`), how alike
they are (`concept_similarity`), the tree (`build_hierarchy`), what it is compared with (`structures`,
`edge_scores`, `truth_scores`), and the authors' published results (`published_graph`). Chapter:
concept_hierarchies.
"""

from soundreasons.papers.concept_hierarchies.agreement import (
    Null,
    ancestor_f1,
    nearest_in_group,
    permuted_null,
    random_null,
    random_tree,
    related_share,
    same_group_share,
    share_interval,
    sibling_distances,
    true_parent_share,
)
from soundreasons.papers.concept_hierarchies.clips import (
    Clip,
    Renderer,
    plan_clips,
    program_choice,
)
from soundreasons.papers.concept_hierarchies.concepts import (
    NOWHERE,
    ConceptSet,
    TooFew,
    clip_concepts,
    enough,
    named_concepts,
)
from soundreasons.papers.concept_hierarchies.embedding import (
    embed_patches,
    embed_recording,
    embedded_clips,
    embedded_samples,
    tag_probabilities,
)
from soundreasons.papers.concept_hierarchies.experiments import (
    INSTRUMENTS,
    PROGRAMS,
    WHOLE_BATCH,
    Study,
    View,
    clip_study,
    closeness,
    columns_of,
    family_names,
    filtered_views,
    genre_agreement,
    genre_study,
    has,
    layer_scores,
    library_accuracy,
    missing_data,
    program_names,
    recording_study,
    rendered_example,
    sample_study,
    sensitivity,
    shuffled_probes,
    source_scores,
    structure_scores,
    studied,
    truth_scores,
    vector_scores,
    view,
    with_intervals,
)
from soundreasons.papers.concept_hierarchies.explanation import (
    Told,
    free_recording,
    told_by_probes,
    told_by_tags,
)
from soundreasons.papers.concept_hierarchies.figures import (
    plot_accuracy,
    plot_agreement,
    plot_layers,
    plot_map,
    plot_null,
    plot_over_time,
    plot_tree,
)
from soundreasons.papers.concept_hierarchies.front_end import (
    PATCH_SAMPLES,
    SAMPLE_RATE,
    load_middle,
    load_sound,
    log_mel,
    patches,
    resampled,
)
from soundreasons.papers.concept_hierarchies.hierarchy import (
    Hierarchy,
    ancestors,
    build_hierarchy,
    depths,
    edges,
    entry_order,
    parents,
    restrict,
)
from soundreasons.papers.concept_hierarchies.jamendo import (
    jamendo_accuracy,
    jamendo_concepts,
    jamendo_genres,
    jamendo_study,
    placed_tracks,
)
from soundreasons.papers.concept_hierarchies.outline import (
    Outline,
)
from soundreasons.papers.concept_hierarchies.placed_audio import (
    HOW_TO_PLACE,
    Embedded,
    embedded_tracks,
    jamendo_files,
    jamendo_folder,
)
from soundreasons.papers.concept_hierarchies.probes import (
    TEST,
    TRAIN,
    VALIDATION,
    Probes,
    ProbeSettings,
    fit_probes,
    kept,
    probabilities,
    shuffled_labels,
    split_tracks,
)
from soundreasons.papers.concept_hierarchies.published import (
    APM,
    SOURCES,
    STRUCTURES,
    PublishedGraph,
    layer_table,
    published_graph,
    published_histogram,
    published_vectors,
    random_usage_distance,
    reported_usage,
    source_table,
    tree_facts,
    trees_from_vectors,
    usage_beside,
    usage_scores,
)
from soundreasons.papers.concept_hierarchies.similarity import (
    betweenness,
    concept_similarity,
    density,
    similarity_graph,
    threshold_for,
)
from soundreasons.papers.concept_hierarchies.structures import (
    EdgeScore,
    around,
    edge_scores,
    embedding_hierarchy,
    embedding_similarity,
    n_components,
    random_pairs,
    random_partners,
    structures,
    top_one,
)
from soundreasons.papers.concept_hierarchies.taggers import (
    LAYERS,
    NETWORKS,
    FastVgg,
    MusicnnTagger,
    VggTagger,
    load_fast_vgg,
    load_tagger,
    tags_of,
)
from soundreasons.papers.concept_hierarchies.taxonomies import (
    ORDERS,
    TagAgreement,
    TagSet,
    audioset_branches,
    beets_branches,
    discogs_branches,
    jamendo_tags,
    magnatagatune_tags,
    map_positions,
    needed,
    plain,
    relation,
    tag_agreement,
    tag_hierarchy,
    wordnet_branches,
)
from soundreasons.papers.concept_hierarchies.vectors import (
    cooccurrence,
    cooccurrence_vectors,
    text_vectors,
)
