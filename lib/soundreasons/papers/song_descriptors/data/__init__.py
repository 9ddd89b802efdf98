"""What is read: songs and requests (`songs`), words about music (`vocabulary`), encoders.

`rungs` names every way to search; `encoders` opens those of the registry, `placed_models` those of a folder
or the model hub, `encoding` turns texts into vectors with any of them.
"""

from soundreasons.papers.song_descriptors.data.encoders import (
    OnnxEncoder,
    WordMeans,
    load_e5,
    load_glove,
    load_minilm,
    load_mpnet,
    load_paraphrase,
    load_redrawn,
    load_word_pieces,
)
from soundreasons.papers.song_descriptors.data.encoding import (
    Encoder,
    TransformerEncoder,
    batches_by_length,
    encode_cached,
    padded,
)
from soundreasons.papers.song_descriptors.data.placed_models import (
    ClapTextTower,
    FolderEncoder,
    absent_models,
    load_clap,
    load_folder,
    model_folder,
    weights_identity,
)
from soundreasons.papers.song_descriptors.data.rungs import (
    RUNGS,
    STAGES,
    Rung,
    label,
    measure_names,
    megabytes,
    missing_rungs,
    rung_available,
    searcher,
    stage,
)
from soundreasons.papers.song_descriptors.data.songs import (
    Catalogue,
    Dialogs,
    Songs,
    available,
    catalogue,
    forum_requests,
    generated_songs,
    missing,
    open_songs,
    playlist_dialogs,
    split_songs,
    with_sentences_of,
)
from soundreasons.papers.song_descriptors.data.vocabulary import (
    TYPES,
    descriptor_type,
    in_other_words,
    overlap,
    split_words,
    words_of,
)
