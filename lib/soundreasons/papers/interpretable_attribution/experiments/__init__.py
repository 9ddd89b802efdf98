"""The experiments, one module a section of the page, in its order.

`toys`, `plain` (does the explanation cost accuracy?), `ablation` (which part does the work?), `post_hoc`,
`tables` (with `table_classifier`, which fits any table), `films` (with `film_networks`), `sessions`,
`public_sessions`.
"""

from soundreasons.papers.interpretable_attribution.experiments import (
    ablation,
    film_networks,
    films,
    plain,
    post_hoc,
    public_sessions,
    sessions,
    table_classifier,
    tables,
    toys,
)
