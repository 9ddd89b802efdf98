"""What the authors published: trees, vectors of concepts and of usage, the bars of a poster."""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.ledger import read
from soundreasons.papers.concept_hierarchies.method.network import LAYERS

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
    "deezer_graph": "C4a.audio_cf",
    "opt_usg": "C4a.cf_cf",
    "opt_llm": "C4a.bert_cf",
    "opt_mwon": "C4a.w2v1_cf",
    "opt_sdoh": "C4a.w2v2_cf",
    "random": "C4a.random_cf",
    "simmatch": "C5.sparse_cf",
    "simtop": "C5.top_cf",
}


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
def published_concepts() -> Any:
    """Open the published files once. Chapter: concept_hierarchies."""
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
    record = published_concepts()
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


def with_usage(graph: PublishedGraph) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Keep the nodes of a structure that have a usage vector; give both. Chapter: concept_hierarchies."""
    record = published_concepts()
    place = {playlist: k for k, playlist in enumerate(record.usage_ids)}
    chosen = np.array([k for k, node in enumerate(graph.ids) if node in place])
    rows = [place[graph.ids[k]] for k in chosen]
    return graph.structure[np.ix_(chosen, chosen)], record.usage[rows]


def published_vectors(name: str, layer: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Open the concept vectors of a layer and the editorial group of each.

    Chapter: concept_hierarchies.

    Returns
    -------
    ndarray, shape (n, n_dims), ndarray of int, shape (n,)
    """
    concepts = published_concepts().concepts[name]
    graph = published_graph(name)
    groups = dict(zip(graph.labels, graph.group.tolist(), strict=True))
    return concepts.vectors[LAYERS.index(layer)], np.array([groups[label] for label in concepts.names])


def published_histogram() -> dict[float, float]:
    """Read the poster's bars of test accuracy from the ledger: left end of a bar (share) and its height.

    Heights were read off the image and are approximate; bars below 0.70 were not read. Chapter:
    concept_hierarchies.

    Examples
    --------
    >>> published_histogram()[0.85]
    465.0
    """
    bars = read("concept_hierarchies").facts_with("bar_")
    return {int(name) / 1000: bar.number for name, bar in bars.items()}


def reported_usage() -> dict[str, float]:
    """Read the usage distances of the paper's tables from the ledger, by our names of the structures.

    Chapter: concept_hierarchies.

    Examples
    --------
    >>> reported_usage()["simtop"]
    0.699
    """
    ledger = read("concept_hierarchies")
    return {name: ledger.reported(place).number for name, place in _REPORTED.items()}
