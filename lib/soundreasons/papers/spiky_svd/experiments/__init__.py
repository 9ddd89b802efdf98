"""The experiments of the page, a module a section, in its order.

`parameters` (what excludes what), `pairs` (which pairs survive?), `tastes` (a spike is a taste), `spikes`
(how spiky is it?), `chance` (is that more than chance?), `spikes_from_communities` and
`communities_from_spikes` (the theory, both ways), `growth` and `stability` (what happens when data is
added), `climbing` (one item climbs its spike). They run
`fast` over data sets and seeds, and return plain tables.
"""

from soundreasons.papers.spiky_svd.experiments import (
    chance,
    climbing,
    communities_from_spikes,
    growth,
    pairs,
    parameters,
    spikes,
    spikes_from_communities,
    stability,
    tastes,
)
