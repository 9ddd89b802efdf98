"""What the chapter reads and draws, shaped for it.

`toys`: clusters whose right attribution is known; `tables`: two public tables in groups of columns; `films`:
MovieLens as an implicit signal; `sessions`: synthetic sessions whose reason for a skip is known;
`public_sessions`: the layout of the public log; `published`: what the paper's slides report.
"""

from soundreasons.data import available
from soundreasons.papers.interpretable_attribution.data import (
    films,
    public_sessions,
    published,
    sessions,
    tables,
    toys,
)
