"""What is measured, one module a section of the page; `probing` is what most of them start from."""

from soundreasons.papers.concept_hierarchies.experiments import (
    choices,
    clips,
    explained,
    four_layers,
    heard,
    neighbours,
    network_alone,
    paper_size,
    probing,
    published,
    real_tags,
    tables,
    truth,
)
