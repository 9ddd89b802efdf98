"""Of Spiky SVDs and Music Recommendation (Afchar, Hennequin, Guigue, RecSys 2023), rebuilt.

Read `method` first: associations of items (`ppmi`), their embedding (`embed`), how few directions hold
half of them (`spikiness`), block models that explain why (`block_model`, `fit_block_model`), and what
becomes of an item's neighbours when data is added (`neighbour_overlap`), each as plain as its formula.
The functions of these names here are those of `fast`, equal and ready for large data. Chapter: spiky_svd.
"""

from soundreasons.papers.spiky_svd import data, experiments, fast, figures, method
from soundreasons.papers.spiky_svd.data import from_pairs, interactions
from soundreasons.papers.spiky_svd.experiments.pairs import associate
from soundreasons.papers.spiky_svd.experiments.spikes import measure_spikiness
from soundreasons.papers.spiky_svd.fast import embed, nearest, neighbour_overlap, ppmi, spikiness
from soundreasons.papers.spiky_svd.method import (
    BlockFit,
    BlockModel,
    Spikiness,
    block_model,
    fit_block_model,
    norm_groups,
    singular_values,
    spike_of,
)
