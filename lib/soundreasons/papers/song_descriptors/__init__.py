"""Finding songs from what people say (Epure et al., NLP4MusA 2024), rebuilt.

Read `method` first, in the order of its docstring: what a sentence asks for, what a song scores for it, how
good a retrieval is, how an encoder is taught. `fast` is the same for many songs; what is offered here under
a name of both is the fast one. `data` opens songs and encoders; `experiments` has a module a section of the
page.
"""

from soundreasons.papers.song_descriptors import data, experiments, fast, figures, method
from soundreasons.papers.song_descriptors.data.rungs import searcher
from soundreasons.papers.song_descriptors.experiments import (
    asked,
    fine_tuning,
    hard_descriptors,
    ladder,
    learning,
    people,
    search_box,
    shared_words,
    steps,
)
from soundreasons.papers.song_descriptors.experiments.ladder import search
from soundreasons.papers.song_descriptors.fast import bm25, retrieval_metrics, tfidf, top_documents
from soundreasons.papers.song_descriptors.method import (
    contrastive_loss,
    draw_descriptor_set,
    margin_loss,
    recall_at_k,
    sample_descriptor_sets,
    teacher_scores,
)
