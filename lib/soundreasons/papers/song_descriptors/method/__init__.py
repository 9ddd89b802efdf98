"""The paper, definition by definition, in the order of the page.

`descriptor_sets`: what a sentence asks for (def-descriptor-set). `scores`: what a song scores for it, by
shared words (eq-tfidf) or by meaning, and which songs are found (eq-score). `recall`: how good that is
(eq-recall). `teaching`: what an encoder is taught by, a teacher's margins (eq-margin) or contrast in a
batch (eq-contrast).
"""

from soundreasons.papers.song_descriptors.method.descriptor_sets import (
    Descriptors,
    DescriptorSets,
    draw_descriptor_set,
    matching,
    sample_descriptor_sets,
    sets_for,
    split_descriptors,
)
from soundreasons.papers.song_descriptors.method.recall import (
    CUTOFFS,
    POOL,
    metrics_per_query,
    recall_at_k,
    retrieval_metrics,
)
from soundreasons.papers.song_descriptors.method.scores import (
    Hits,
    Vectors,
    bm25,
    check_vectors,
    mean_pooled,
    tfidf,
    top_documents,
    unit_rows,
)
from soundreasons.papers.song_descriptors.method.teaching import (
    contrastive_loss,
    descriptor_rarity,
    margin_loss,
    share_named,
    teacher_scores,
)
