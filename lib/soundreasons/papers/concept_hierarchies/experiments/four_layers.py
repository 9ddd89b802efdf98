"""Does the layer matter? All four that the paper probes, each probed in the same way."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from soundreasons.papers.concept_hierarchies import method
from soundreasons.papers.concept_hierarchies.experiments.probing import (
    FEWEST_CONCEPTS,
    PROGRAMS,
    WHOLE_BATCH,
    ProbedSet,
    keep_concepts,
    probe_concepts,
)

LAYER_SETTINGS = replace(WHOLE_BATCH, epochs=24, steps=20, patience=4, plateau=2)


def layer_scores(probed: ProbedSet, *, device: str = "cpu") -> pd.DataFrame:
    """Probe each layer in the same way, on all concepts, whether or not they pass the filter.

    Layers are scaled to a common spread, so that one learning rate suits all. Chapter: concept_hierarchies.

    Returns
    -------
    DataFrame
        One row a layer: `dimensions`, and in % `accuracy`, `nearest` (programs whose nearest vector is of
        their family), `same_group` (edges within a family in the tree of the programs); the last two where
        there are programs enough for a tree.
    """
    rows = {}
    for layer, values in probed.layers.items():
        again = probe_concepts(probed.concepts, values / values.std(), LAYER_SETTINGS, device=device)
        rows[layer] = {
            "dimensions": values.shape[2],
            "accuracy": 100 * float(again.probes.accuracy.mean()),
        }
        if again.concepts.kinds.count("program") >= FEWEST_CONCEPTS:
            kept = keep_concepts(again, PROGRAMS, least=0.0)
            rows[layer] |= {
                "nearest": 100 * method.nearest_in_group(kept.probes.vectors, kept.concepts.group),
                "same_group": 100 * method.same_group_share(kept.tree, kept.concepts.group),
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def side_by_side(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put what `layer_scores` found into one table whose cells hold one number a seed.

    Chapter: concept_hierarchies.
    """
    first = tables[0].drop(columns="dimensions")
    columns = {
        what: [[float(table.loc[layer, what]) for table in tables] for layer in first.index]
        for what in first.columns
    }
    return pd.DataFrame(columns, index=first.index)


def layer_means(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Means over seeds of what `layer_scores` found, under names to read. Chapter: concept_hierarchies."""
    shown = {
        "accuracy": "accuracy of all probes",
        "nearest": "nearest of the family",
        "same_group": "edges within a family",
    }
    means: pd.DataFrame = sum(table.drop(columns="dimensions") for table in tables) / len(tables)
    return means.rename(columns=shown)
