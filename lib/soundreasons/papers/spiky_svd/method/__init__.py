"""The paper, definition by definition, each as plain as its formula; numpy and scipy in and out.

Read in this order, which is that of the page:

1. `association.ppmi`: which items occur together more often than chance would have it (eq-ppmi).
2. `embedding.embed`: a truncated SVD of these associations, scaled by the singular values (eq-embedding).
3. `spikes.spikiness`: the greedy pass that counts the directions of half of the items (def-spikiness).
4. `block_model.block_model`: communities whose members differ in popularity (def-dcbm), of which
   `embed` makes spikes (thm-forward).
5. `recovery.fit_block_model`: the way back, from spikes to communities (thm-converse).
6. `neighbours.neighbour_overlap`: what becomes of an item's neighbours when data is added (the use case).

`fast` has `ppmi`, `embed`, `spikiness` and the neighbours once more, equal but for rounding, in the form that
large data needs: these are the ones that the package offers at its root and the experiments call.
"""

from soundreasons.papers.spiky_svd.method.association import ppmi
from soundreasons.papers.spiky_svd.method.block_model import BlockModel, block_model
from soundreasons.papers.spiky_svd.method.embedding import embed, singular_values
from soundreasons.papers.spiky_svd.method.neighbours import (
    Similarity,
    nearest,
    neighbour_overlap,
    norm_groups,
)
from soundreasons.papers.spiky_svd.method.recovery import BlockFit, fit_block_model
from soundreasons.papers.spiky_svd.method.spikes import Spikiness, spike_of, spikiness
