"""Does the tree agree with the truth? Instruments below families, beside chance and Top-1."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from soundreasons.papers.concept_hierarchies import method
from soundreasons.papers.concept_hierarchies.experiments.probing import KeptConcepts, Measures


def truth_scores(kept: KeptConcepts, rng: np.random.Generator, n_draws: int) -> dict[str, float]:
    """Compare the tree with the families, beside chance and Top-1; shares in %.

    Chapter: concept_hierarchies.

    Returns
    -------
    dict of float
        `same_group`, `random` and `permuted` (means of the nulls), `random_high` (their 97.5th percentile),
        `top_1`, `true_parent`, `ancestor_f1` and `ancestor_f1_permuted` where there are families.
    """
    group, tree = kept.concepts.group, kept.tree
    chance = method.random_null(lambda t: method.same_group_share(t, group), len(group), rng, n_draws)
    permuted = method.permuted_null(lambda t: method.same_group_share(t, group), tree, rng, n_draws)
    found = {
        "same_group": method.same_group_share(tree, group),
        "random": chance.mean,
        "random_high": chance.high,
        "permuted": permuted.mean,
        "top_1": method.same_group_share(method.top_one(kept.similarity), group),
    }
    parent = kept.concepts.true_parent
    if (parent != method.NOWHERE).any():
        found["true_parent"] = method.true_parent_share(tree, parent)
        found["ancestor_f1"] = method.ancestor_f1(tree, parent)
        found["ancestor_f1_permuted"] = method.permuted_null(
            lambda t: method.ancestor_f1(t, parent), tree, rng, n_draws
        ).mean
    return {name: 100 * value for name, value in found.items()}


def truth_measures(scores: Mapping[tuple[str, str], Sequence[Mapping[str, float]]]) -> Measures:
    """Name what `truth_scores` found, by set, kind and seed; what is not there for a seed is left out.

    Chapter: concept_hierarchies.

    Returns
    -------
    dict
        `same_group.SET.KIND`, and the same with `.random`, `.random_high`, `.top_1` and so on behind it (%).
    """
    found: Measures = {}
    for key, rows in scores.items():
        for what, values in pd.DataFrame(rows).dropna(axis=1).items():
            name = ".".join(["same_group", *key, *([] if what == "same_group" else [str(what)])])
            found[name] = {"values": values.tolist(), "unit": "%"}
    return found


def truth_table(scores: Mapping[tuple[str, str], Sequence[Mapping[str, float]]]) -> pd.DataFrame:
    """Means over seeds of what `truth_scores` found, one row a set and kind. Chapter: concept_hierarchies."""
    rows = {" / ".join(key): pd.DataFrame(found).dropna(axis=1).mean() for key, found in scores.items()}
    table = pd.concat(rows, axis=1).T
    table.columns = table.columns.str.replace("_", " ")
    return table.rename_axis("clips / concepts")
