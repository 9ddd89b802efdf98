"""The definitions of `method` that large data needs in another form: same names, same results.

`embed` takes a device besides; `kept_pairs` bounds what `ppmi` keeps whatever the order of ties, and
`shared_part` compares lists of neighbours that were made once for several cut-offs.
"""

from soundreasons.papers.spiky_svd.fast.association import KeptPairs, kept_pairs, ppmi
from soundreasons.papers.spiky_svd.fast.embedding import embed
from soundreasons.papers.spiky_svd.fast.neighbours import nearest, neighbour_overlap, shared_part
from soundreasons.papers.spiky_svd.fast.spikes import spikiness
