"""What the authors published, measured again: their trees, their concept vectors, their usage vectors.

Task: shares of edges within an editorial group, usage distances over their trees and structures, names as a
second opinion, and our greedy step on their vectors.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.papers.concept_hierarchies.agreement import nearest_in_group, same_group_share
from soundreasons.papers.concept_hierarchies.hierarchy import build_hierarchy, depths
from soundreasons.papers.concept_hierarchies.similarity import betweenness, similarity_graph, threshold_for
from soundreasons.papers.concept_hierarchies.structures import (
    EdgeScore,
    edge_scores,
    embedding_similarity,
    random_partners,
    top_one,
)
from soundreasons.papers.concept_hierarchies.vectors import text_vectors

APM = ("apm_genres", "apm_moods")
SOURCES = {
    "deezer_graph": "audio",
    "opt_usg": "usage (CF)",
    "opt_llm": "titles, BERT",
    "opt_mwon": "words, W2V-1",
    "opt_sdoh": "words, W2V-2",
}
STRUCTURES = {"deezer_graph": "hierarchy", "simmatch": "sparse A", "simtop": "Top-1"}
# Usage distances of the paper's two tables, by their place in the ledger.
_REPORTED = {
    "deezer_graph": ("C4a", "audio_cf"),
    "opt_usg": ("C4a", "cf_cf"),
    "opt_llm": ("C4a", "bert_cf"),
    "opt_mwon": ("C4a", "w2v1_cf"),
    "opt_sdoh": ("C4a", "w2v2_cf"),
    "random": ("C4a", "random_cf"),
    "simmatch": ("C5", "sparse_cf"),
    "simtop": ("C5", "top_cf"),
}
LAYERS = ("pool3", "pool4", "pool5", "tags")


@dataclass(frozen=True)
class PublishedGraph:
    """A published structure as we use our own.

    Attributes
    ----------
    ids, labels : tuple of str
        Of the nodes, in the order of the file.
    group : ndarray of int, shape (n,)
        Number of the colour of each node.
    structure : ndarray of uint8, shape (n, n)
        Row the parent, column the child.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    group: NDArray[np.int64]
    structure: NDArray[np.uint8]

    @property
    def hierarchy(self) -> NDArray[np.uint8]:
        """The structure with a root above all who have no parent, shape (n + 1, n)."""
        orphans = (~self.structure.any(axis=0)).astype(np.uint8)
        return np.vstack([self.structure, orphans])


@functools.cache
def _published() -> Any:
    """Open the published files once."""
    return data.open("published_concepts")


@functools.cache
def published_graph(name: str) -> PublishedGraph:
    """Open one of the published trees or structures.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    name : str
        "apm_genres", "apm_moods", a key of `SOURCES` or of `STRUCTURES`.

    Returns
    -------
    PublishedGraph

    Raises
    ------
    ValueError
        If the name is unknown.
    soundreasons.data.DataError
        If the files are not on this machine.
    """
    record = _published()
    nodes = record.nodes[record.nodes["graph"] == name]
    if len(nodes) == 0:
        known = ", ".join(sorted(set(record.nodes["graph"])))
        raise ValueError(f"published graph is {name!r}, expected one of {known}")
    links = record.links[record.links["graph"] == name]
    place = {node: k for k, node in enumerate(nodes["node"])}
    structure = np.zeros((len(place), len(place)), dtype=np.uint8)
    structure[links["parent"].map(place).to_numpy(), links["child"].map(place).to_numpy()] = 1
    group = np.unique(nodes["group"].to_numpy(dtype=str), return_inverse=True)[1]
    return PublishedGraph(tuple(nodes["node"]), tuple(nodes["label"]), group, structure)


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
        "same group, %": 100 * same_group_share(graph.structure, graph.group),
        # Steps between the top node and the deepest; ours count from the virtual root above it.
        "depth": int(depths(graph.hierarchy).max()) - 1,
        "leaves": int((children == 0).sum()),
        "most children": int(children.max()),
    }


def usage_scores(name: str) -> EdgeScore:
    """Measure the usage distance over the edges of a published structure, where both ends have a vector.

    Chapter: concept_hierarchies.
    """
    graph = published_graph(name)
    structure, usage = _with_usage(graph)
    return edge_scores(structure, usage)


def _with_usage(graph: PublishedGraph) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    record = _published()
    place = {playlist: k for k, playlist in enumerate(record.usage_ids)}
    chosen = np.array([k for k, node in enumerate(graph.ids) if node in place])
    rows = [place[graph.ids[k]] for k in chosen]
    return graph.structure[np.ix_(chosen, chosen)], record.usage[rows]


def random_usage_distance(rng: np.random.Generator, n_pairs: int = 200_000) -> float:
    """Mean usage distance of two playlists drawn at random. Chapter: concept_hierarchies."""
    usage = _published().usage
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
    chance = PublishedGraph(graph.ids, graph.labels, graph.group, random_partners(len(graph.ids), rng))
    rows["random"] = {**_usage_row(chance), **_words_row(chance), **_size(chance)}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.insert(0, "reported", pd.Series(reported_usage()))
    return table


def _size(graph: PublishedGraph) -> dict[str, float]:
    return {"nodes": len(graph.ids), "edges": int(graph.structure.sum())}


def reported_usage() -> dict[str, float]:
    """Read the usage distances of the paper's tables from the ledger, by our names of the structures.

    Chapter: concept_hierarchies.

    Examples
    --------
    >>> reported_usage()["simtop"]
    0.699
    """
    values = {
        (claim["id"], entry["id"]): entry["value"]
        for claim in _ledger()["claims"]
        for entry in claim.get("reported", [])
    }
    return {name: float(values[place]) for name, place in _REPORTED.items()}


def usage_beside(sources: pd.DataFrame, made: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Lay the paper's usage distances, those of its files and ours side by side, in units of chance.

    Usage vectors differ, so do their distances; each is divided by that of random partners. Chapter:
    concept_hierarchies.

    Parameters
    ----------
    sources : DataFrame
        From `source_table`.
    made : mapping of str to DataFrame
        From `structure_scores`, by name of the set of clips.

    Returns
    -------
    DataFrame
        Rows hierarchy, Top-1 and sparse; columns `paper's table`, `their files`, and one a set.
    """
    theirs = {"hierarchy": "deezer_graph", "top_1": "simtop", "sparse": "simmatch"}
    columns = {
        title: [sources.loc[name, column] / sources.loc["random", column] for name in theirs.values()]
        for title, column in {"paper's table": "reported", "their files": "usage"}.items()
    }
    for name, table in made.items():
        usage = table["usage"] / table.loc["random_top", "usage"]
        columns[f"our clips, {name}"] = usage.reindex(list(theirs)).tolist()
    return pd.DataFrame(columns, index=["hierarchy", "Top-1", "sparse A"])


def _usage_row(graph: PublishedGraph) -> dict[str, float]:
    score = edge_scores(*_with_usage(graph))
    return {"usage": score.mean, "usage_half": score.half_width}


def _words_row(graph: PublishedGraph) -> dict[str, float]:
    vectors = text_vectors(graph.labels)
    named = np.flatnonzero(np.linalg.norm(vectors, axis=1) > 0)
    score = edge_scores(graph.structure[np.ix_(named, named)], vectors[named], "cosine")
    return {"words": score.mean, "words_half": score.half_width}


def published_vectors(name: str, layer: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Open the concept vectors of a layer and the editorial group of each.

    Chapter: concept_hierarchies.

    Returns
    -------
    ndarray, shape (n, n_dims), ndarray of int, shape (n,)
    """
    concepts = _published().concepts[name]
    graph = published_graph(name)
    groups = dict(zip(graph.labels, graph.group.tolist(), strict=True))
    return concepts.vectors[LAYERS.index(layer)], np.array([groups[label] for label in concepts.names])


def layer_table() -> pd.DataFrame:
    """Share of the published vectors whose nearest is of the same group (%), by set and layer.

    Chapter: concept_hierarchies.
    """
    rows = {
        name: [100 * nearest_in_group(*published_vectors(name, layer)) for layer in LAYERS] for name in APM
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(LAYERS))


def trees_from_vectors(name: str, layer: str = "pool5") -> dict[str, float]:
    """Run our greedy step on the cosines of the published vectors: edges within a group (%), by structure.

    The similarity S itself was not published; cosines are symmetric, so only the greedy step is tried here.
    Chapter: concept_hierarchies.
    """
    vectors, group = published_vectors(name, layer)
    cosines: NDArray[Any] = embedding_similarity(vectors)
    graph = similarity_graph(cosines, threshold_for(cosines, 0.1))
    tree = build_hierarchy(cosines, betweenness(graph))
    return {
        "ours": 100 * same_group_share(tree, group),
        "top_1": 100 * same_group_share(top_one(cosines), group),
        "theirs": 100 * same_group_share(published_graph(name).structure, published_graph(name).group),
    }


def published_histogram() -> dict[float, float]:
    """Read the poster's bars of test accuracy from the ledger: left end of a bar (share) and its height.

    Heights were read off the image and are approximate; bars below 0.70 were not read. Chapter:
    concept_hierarchies.

    Examples
    --------
    >>> published_histogram()[0.85]
    465
    """
    facts = _ledger()["facts"]
    bars = {f["id"].removeprefix("bar_"): f["value"] for f in facts if f["id"].startswith("bar_")}
    return {int(name) / 1000: height for name, height in bars.items()}


@functools.cache
def _ledger() -> Any:
    place = resources.files("soundreasons.papers.concept_hierarchies") / "claims.yml"
    return yaml.safe_load(place.read_text(encoding="utf-8"))
