"""What if we choose differently? One choice of graph, order, tree or split at a time."""

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path

from soundreasons.papers.concept_hierarchies import fast, method
from soundreasons.papers.concept_hierarchies.experiments.probing import (
    WHOLE_BATCH,
    KeptConcepts,
    ProbedSet,
    keep_concepts,
    probe_concepts,
)


def one_choice_changed(probed: ProbedSet, rng: np.random.Generator, *, device: str = "cpu") -> pd.DataFrame:
    """Change one choice at a time: edges within a family (%), children of the root, density of the graph.

    Chapter: concept_hierarchies.

    Returns
    -------
    DataFrame
        One row a variant, the first the paper's own.
    """
    kept = keep_concepts(probed)
    similarity, group = kept.similarity, kept.concepts.group
    centre = fast.betweenness(method.similarity_graph(similarity))
    rows: dict[str, dict[str, float]] = {}

    def note(name: str, tree: method.Hierarchy, graph: NDArray[Any] | None = None) -> None:
        used = method.similarity_graph(similarity) if graph is None else graph
        rows[name] = {
            "same_group": 100 * method.same_group_share(tree, group),
            "below_root": int(tree[-1].sum()),
            "density": method.density(used),
        }

    note("as in the paper", method.build_hierarchy(similarity, centre))
    for threshold in (0.3, 0.4, 0.6, 0.66):
        graph = method.similarity_graph(similarity, threshold)
        note(f"threshold {threshold}", method.build_hierarchy(similarity, fast.betweenness(graph)), graph)
    graph = method.similarity_graph(similarity, method.threshold_for(similarity, 0.1))
    note("threshold for a tenth", method.build_hierarchy(similarity, fast.betweenness(graph)), graph)
    for children in (2, 5, 10_000):
        name = "any number of children" if children > 1000 else f"at most {children} children"
        note(name, method.build_hierarchy(similarity, centre, max_children=children))
    for least in (0.0, 0.4):
        note(f"least similarity {least}", method.build_hierarchy(similarity, centre, min_similarity=least))
    note("S transposed", method.build_hierarchy(np.ascontiguousarray(similarity.T), centre))
    linear = _linear_similarity(probed, kept)
    linear_graph = method.similarity_graph(
        linear, method.threshold_for(linear, method.density(method.similarity_graph(similarity)))
    )
    lowest = method.build_hierarchy(
        linear, fast.betweenness(linear_graph), min_similarity=float(np.log(0.25))
    )
    note("scores in place of probabilities", lowest, linear_graph)
    links = method.similarity_graph(similarity) | method.similarity_graph(similarity).T
    note(
        "degree in place of betweenness", method.build_hierarchy(similarity, links.sum(axis=1).astype(float))
    )
    note("closeness in place of betweenness", method.build_hierarchy(similarity, closeness(links)))
    note("random order", method.build_hierarchy(similarity, rng.random(len(group))))
    with contextlib.suppress(method.TooFew):  # another split, so others pass the filter: too few, and no row
        common = probe_concepts(probed.concepts, probed.features, WHOLE_BATCH, common=True, device=device)
        again = keep_concepts(common)
        rows["one split for all concepts"] = {
            "same_group": 100 * method.same_group_share(again.tree, again.concepts.group),
            "below_root": int(again.tree[-1].sum()),
            "density": method.density(method.similarity_graph(again.similarity)),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _linear_similarity(probed: ProbedSet, kept: KeptConcepts) -> NDArray[np.float64]:
    numbers = np.array([probed.concepts.names.index(name) for name in kept.concepts.names])
    scores = fast.probabilities(probed.features, kept.probes, linear=True)
    tested = kept.concepts.labels & (probed.parts[:, numbers] == method.TEST)
    return method.concept_similarity(scores, tested)


def closeness(links: NDArray[Any]) -> NDArray[np.float64]:
    """Closeness of every node of an undirected graph, 0 for one without an edge.

    As networkx: (nodes reached - 1) over the sum of distances, times the share of nodes reached. Chapter:
    concept_hierarchies.

    Examples
    --------
    >>> closeness(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])).round(2).tolist()
    [0.67, 1.0, 0.67]
    """
    distance = shortest_path(csr_matrix(links != 0), directed=False, unweighted=True)
    finite = np.isfinite(distance)
    total = np.where(finite, distance, 0.0).sum(axis=1)
    reached = finite.sum(axis=1) - 1
    scaled = reached / max(1, len(links) - 1)
    return np.asarray(np.divide(reached * scaled, total, out=np.zeros(len(links)), where=total > 0))


def threshold_ranges(tables: Sequence[pd.DataFrame]) -> list[float]:
    """How far the share of edges within a family moves over the thresholds (points), one number a seed.

    Chapter: concept_hierarchies.
    """
    names = [name for name in tables[0].index if name.startswith(("as in", "threshold 0"))]
    return [float(np.ptp(table.loc[names, "same_group"])) for table in tables]


def choice_means(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Means over seeds of `one_choice_changed`, under names to read. Chapter: concept_hierarchies."""
    means: pd.DataFrame = sum(tables) / len(tables)
    means.columns = ["edges within a family, %", "children of the root", "density"]
    return means.rename_axis("variant")
