"""The authors' trees, measured again: edges within a group, usage distances, words as a second opinion."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies import fast, method
from soundreasons.papers.concept_hierarchies.data.published import (
    APM,
    SOURCES,
    STRUCTURES,
    PublishedGraph,
    published_concepts,
    published_graph,
    published_vectors,
    reported_usage,
    with_usage,
)
from soundreasons.papers.concept_hierarchies.data.words import text_vectors
from soundreasons.papers.concept_hierarchies.experiments.probing import Measures


def tree_facts(name: str) -> dict[str, float]:
    """Count nodes, groups, edges, depth and leaves of a published tree, and edges within a group (%).

    Chapter: concept_hierarchies.
    """
    graph = published_graph(name)
    children = graph.structure.sum(axis=1)
    return {
        "nodes": len(graph.ids),
        "groups": len(np.unique(graph.group)),
        "edges": int(graph.structure.sum()),
        "same group, %": 100 * method.same_group_share(graph.structure, graph.group),
        # Steps between the top node and the deepest; ours count from the virtual root above it.
        "depth": int(method.depths(graph.hierarchy).max()) - 1,
        "leaves": int((children == 0).sum()),
        "most children": int(children.max()),
    }


def tree_table(names: Iterable[str]) -> pd.DataFrame:
    """Facts of published trees, one row a tree. Chapter: concept_hierarchies."""
    return pd.DataFrame({name: tree_facts(name) for name in names}).T.rename_axis("tree")


def random_usage_distance(rng: np.random.Generator, n_pairs: int = 200_000) -> float:
    """Mean usage distance of two playlists drawn at random. Chapter: concept_hierarchies."""
    usage = published_concepts().usage
    first = rng.integers(len(usage), size=n_pairs)
    second = (first + rng.integers(1, len(usage), size=n_pairs)) % len(usage)
    return float(np.linalg.norm(usage[first] - usage[second], axis=1).mean())


def source_table(rng: np.random.Generator) -> pd.DataFrame:
    """Judge the published trees by usage and by the words of their titles.

    The usage column is the paper's; the words are a text model that the paper did not use. Chapter:
    concept_hierarchies.

    Returns
    -------
    DataFrame
        One row a tree (and one of random partners): `reported` (usage in the paper's table), `usage`,
        `usage_half`, `words`, `words_half`, `nodes`, `edges`.
    """
    rows: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys([*SOURCES, *STRUCTURES]):
        graph = published_graph(name)
        rows[name] = {**_usage_row(graph), **_words_row(graph), **_size(graph)}
    graph = published_graph("deezer_graph")
    chance = PublishedGraph(graph.ids, graph.labels, graph.group, method.random_partners(len(graph.ids), rng))
    rows["random"] = {**_usage_row(chance), **_words_row(chance), **_size(chance)}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.insert(0, "reported", pd.Series(reported_usage()))
    return table


def _size(graph: PublishedGraph) -> dict[str, float]:
    return {"nodes": len(graph.ids), "edges": int(graph.structure.sum())}


def _usage_row(graph: PublishedGraph) -> dict[str, float]:
    score = method.edge_scores(*with_usage(graph))
    return {"usage": score.mean, "usage_half": score.half_width}


def _words_row(graph: PublishedGraph) -> dict[str, float]:
    vectors = text_vectors(graph.labels)
    named = np.flatnonzero(np.linalg.norm(vectors, axis=1) > 0)
    score = method.edge_scores(graph.structure[np.ix_(named, named)], vectors[named], "cosine")
    return {"words": score.mean, "words_half": score.half_width}


def layer_table(names: Sequence[str] = APM) -> pd.DataFrame:
    """Share of the published vectors whose nearest is of the same group (%), by set and layer.

    Chapter: concept_hierarchies.
    """
    rows = {
        name: [100 * method.nearest_in_group(*published_vectors(name, layer)) for layer in method.LAYERS]
        for name in names
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(method.LAYERS))


def trees_from_vectors(name: str, layer: str = "pool5") -> dict[str, float]:
    """Run our greedy step on the cosines of the published vectors: edges within a group (%), by structure.

    The similarity S itself was not published; cosines are symmetric, so only the greedy step is tried here.
    Chapter: concept_hierarchies.
    """
    vectors, group = published_vectors(name, layer)
    cosines: NDArray[Any] = method.embedding_similarity(vectors)
    graph = method.similarity_graph(cosines, method.threshold_for(cosines, 0.1))
    tree = method.build_hierarchy(cosines, fast.betweenness(graph))
    return {
        "ours": 100 * method.same_group_share(tree, group),
        "top_1": 100 * method.same_group_share(method.top_one(cosines), group),
        "theirs": 100 * method.same_group_share(published_graph(name).structure, published_graph(name).group),
    }


def with_trees(shares: pd.DataFrame) -> pd.DataFrame:
    """Put what `trees_from_vectors` finds beside the rows of `layer_table`. Chapter: concept_hierarchies."""
    grown = pd.DataFrame({name: trees_from_vectors(str(name)) for name in shares.index}).T
    return shares.rename_axis("vectors").join(grown.add_prefix("tree: "))


def agreement_measures(name: str, rng: np.random.Generator, n_draws: int) -> Measures:
    """Edges of a published tree within an editorial group (%), and with its labels exchanged.

    Chapter: concept_hierarchies.

    Returns
    -------
    dict
        `same_group.NAME`, with Wilson's interval for so many edges, and `same_group.NAME.permuted`.
    """
    graph, facts = published_graph(name), tree_facts(name)
    null = method.permuted_null(
        lambda tree: method.same_group_share(tree, graph.group), graph.structure, rng, n_draws
    )
    share = facts["same group, %"]
    return {
        f"same_group.{name}.permuted": {"values": 100 * null.mean, "unit": "%", "exact": True},
        f"same_group.{name}": _share(share, int(facts["edges"])),
    }


def _share(percent: float, n: int) -> dict[str, Any]:
    ends = method.share_interval(percent / 100, n)
    return {"values": percent, "unit": "%", "interval": (100 * ends[0], 100 * ends[1])}


def named_sources(table: pd.DataFrame) -> pd.DataFrame:
    """Say what each structure of `source_table` was built from. Chapter: concept_hierarchies."""
    known = {**SOURCES, "simmatch": "sparse A", "simtop": "Top-1"}
    shown = table.rename(columns={"reported": "usage in the paper"})
    shown.insert(0, "built from", [known.get(str(name), "chance") for name in shown.index])
    return shown


def source_measures(table: pd.DataFrame) -> Measures:
    """Name what `source_table` found: `usage.TREE` and `words.TREE`, each with its interval over edges.

    Chapter: concept_hierarchies.
    """
    found: Measures = {}
    for name, row in table.iterrows():
        for judge in ("usage", "words"):
            half = row[f"{judge}_half"]
            found[f"{judge}.{name}"] = {
                "values": row[judge], "interval": (row[judge] - half, row[judge] + half),
            }  # fmt: skip
    return found


def layer_measures(name: str, shares: pd.Series, rngs: Sequence[np.random.Generator]) -> Measures:
    """Name a row of `layer_table`, and the same for pool5 with groups exchanged, one draw a generator.

    Chapter: concept_hierarchies.

    Returns
    -------
    dict
        `published_nearest.NAME.LAYER`, `nearest.NAME` (pool5) and `nearest.NAME.permuted` (%).
    """
    vectors, group = published_vectors(name, "pool5")
    chance = [100 * method.nearest_in_group(vectors, rng.permutation(group)) for rng in rngs]
    found = {
        f"published_nearest.{name}.{layer}": _share(share, len(group)) for layer, share in shares.items()
    }
    found[f"nearest.{name}"] = _share(shares["pool5"], len(group))
    found[f"nearest.{name}.permuted"] = {"values": np.mean(chance), "unit": "%", "exact": True}
    return found
