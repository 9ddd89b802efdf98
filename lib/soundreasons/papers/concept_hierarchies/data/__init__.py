"""What the chapter reads, and how it is shaped: sounds and activations, tags and orders, published files."""

from soundreasons.data import available
from soundreasons.papers.concept_hierarchies.data.absent import missing_data
from soundreasons.papers.concept_hierarchies.data.activations import (
    embed_patches,
    embed_recording,
    tag_probabilities,
)
from soundreasons.papers.concept_hierarchies.data.concepts import ConceptSet, enough, named_concepts
from soundreasons.papers.concept_hierarchies.data.jamendo_audio import (
    HOW_TO_PLACE,
    EmbeddedTracks,
    embedded_tracks,
    jamendo_concepts,
    jamendo_files,
    placed_tracks,
)
from soundreasons.papers.concept_hierarchies.data.orders import ORDERS, map_positions, order, relation
from soundreasons.papers.concept_hierarchies.data.published import (
    APM,
    SOURCES,
    PublishedGraph,
    published_graph,
    published_histogram,
    published_vectors,
    reported_usage,
)
from soundreasons.papers.concept_hierarchies.data.recordings import free_recording
from soundreasons.papers.concept_hierarchies.data.sounds import load_middle, load_sound, patches
from soundreasons.papers.concept_hierarchies.data.taggers import (
    NETWORKS,
    load_quick_tagger,
    load_tagger,
    tags_of,
)
from soundreasons.papers.concept_hierarchies.data.tags import TagSet, jamendo_tags, magnatagatune_tags
from soundreasons.papers.concept_hierarchies.data.words import text_vectors
