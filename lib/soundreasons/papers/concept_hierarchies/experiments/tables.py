"""The two tables on our clips: which tree joins what is alike, and what a tree costs against bare pairs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.papers.concept_hierarchies import fast, method
from soundreasons.papers.concept_hierarchies.data.words import text_vectors
from soundreasons.papers.concept_hierarchies.experiments.probing import KeptConcepts, Measures

_RANK = 32


def cooccurrence_vectors(labels: NDArray[np.bool_], rank: int = _RANK) -> NDArray[np.float64]:
    """Embed concepts by positive pointwise mutual information and a truncated SVD.

    Stands in for the paper's usage embeddings of playlists. Chapter: concept_hierarchies.

    Parameters
    ----------
    labels : ndarray of bool, shape (n_tracks, n_concepts)
        Who has which concept.
    rank : int
        Dimensions, at most the number of concepts.

    Returns
    -------
    ndarray, shape (n_concepts, rank)
        Scaled by the roots of the singular values, rows of mean length 1.

    Examples
    --------
    >>> labels = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=bool)
    >>> cooccurrence_vectors(labels, 2).shape
    (3, 2)
    """
    counts = labels.T.astype(np.float64) @ labels.astype(np.float64)
    own = np.diag(counts)
    with np.errstate(divide="ignore"):
        information = np.log(counts * len(labels) / np.outer(own, own))
    left, values, _ = np.linalg.svd(np.maximum(information, 0.0))
    rank = min(rank, len(own))
    vectors = left[:, :rank] * np.sqrt(values[:rank])
    vectors *= np.where(vectors.sum(axis=0) < 0, -1.0, 1.0)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1).mean())


def structures(similarity: NDArray[Any], rng: np.random.Generator) -> dict[str, NDArray[np.uint8]]:
    """Collect the structures of the paper's second table, by name. Chapter: concept_hierarchies.

    Parameters
    ----------
    similarity : ndarray, shape (K, K)
        S.
    rng : Generator
        Of the two random ones.

    Returns
    -------
    dict of ndarray
        `hierarchy`, `random_top`, `random_sim`, `similarity` (S above 0.5), `sparse` (above 0.66),
        `top_1`. A threshold that nothing exceeds gives a matrix of zeros.
    """
    graph = method.similarity_graph(similarity)
    return {
        "hierarchy": method.build_hierarchy(similarity, fast.betweenness(graph)),
        "random_top": method.random_partners(len(similarity), rng),
        "random_sim": method.random_pairs(len(similarity), rng),
        "similarity": graph,
        "sparse": method.similarity_graph(similarity, method.SPARSE_THRESHOLD),
        "top_1": method.top_one(similarity),
    }


def embedding_hierarchy(
    embedding: NDArray[Any], kind: method.Kind = "cosine", share: float = 0.1
) -> method.Hierarchy:
    """Build a tree from an embedding, as the paper does with its other sources.

    The graph joins each concept to its nearest and all pairs above a threshold that makes about a tenth
    of the matrix; then betweenness and the greedy step. Chapter: concept_hierarchies.

    Parameters
    ----------
    embedding : ndarray, shape (K, n_dims)
        A vector a concept.
    kind : {"euclidean", "cosine"}
        As for `embedding_similarity`. With distances a parent's square must be below 3.
    share : float
        Density aimed at.

    Returns
    -------
    ndarray of uint8, shape (K + 1, K)

    Examples
    --------
    >>> embedding_hierarchy(np.array([[1.0, 0], [1, 0.1], [0, 1]])).shape
    (4, 3)
    """
    similar = method.embedding_similarity(embedding, kind)
    graph = method.similarity_graph(similar, method.threshold_for(similar, share)) | method.top_one(similar)
    return method.build_hierarchy(
        similar, fast.betweenness(graph), min_similarity=method.LEAST_SIMILARITY[kind]
    )


def columns_of(kept: KeptConcepts) -> dict[str, tuple[NDArray[np.float64], str]]:
    """Give the columns of the tables: audio, co-occurrence, names. Chapter: concept_hierarchies."""
    found: dict[str, tuple[NDArray[np.float64], str]] = {
        "audio": (kept.probes.extended, "euclidean"),
        "usage": (cooccurrence_vectors(kept.concepts.labels), "euclidean"),
    }
    if data.available("word_vectors"):
        found["words"] = (text_vectors(kept.concepts.names), "cosine")
    return found


def source_scores(kept: KeptConcepts, rng: np.random.Generator) -> pd.DataFrame:
    """Re-make the paper's first table: one tree a source, judged by every source.

    Chapter: concept_hierarchies.

    Returns
    -------
    DataFrame
        Rows `audio` (S of the probes), `usage`, `words`, `random`; for each column mean and half width.
        A tree all of whose concepts hang below the root is left out.
    """
    columns = columns_of(kept)
    trees: dict[str, NDArray[Any]] = {"audio": kept.tree}
    for name, (vectors, kind) in columns.items():
        if name != "audio":
            trees[name] = embedding_hierarchy(vectors, kind)  # type: ignore[arg-type]
    trees["random"] = method.random_partners(kept.concepts.n_concepts, rng)
    return _scored({name: tree for name, tree in trees.items() if len(method.edges(tree))}, columns)


def structure_scores(kept: KeptConcepts, rng: np.random.Generator) -> pd.DataFrame:
    """Re-make the paper's second table: structures out of S, judged by every source.

    Chapter: concept_hierarchies.

    Returns
    -------
    DataFrame
        Rows as `structures` names them; beside the columns `edges`, `components` and, for the tree,
        `depth`. A structure without an edge is left out.
    """
    found = {name: s for name, s in structures(kept.similarity, rng).items() if s[: s.shape[1]].any()}
    table = _scored(found, columns_of(kept))
    table["edges"] = [int(s[: s.shape[1]].sum()) for s in found.values()]
    table["components"] = [method.n_components(s) for s in found.values()]
    table["depth"] = [int(method.depths(s).max()) if len(s) > s.shape[1] else None for s in found.values()]
    table["same group, %"] = [100 * method.same_group_share(s, kept.concepts.group) for s in found.values()]
    return table


def _scored(
    found: dict[str, NDArray[Any]], columns: dict[str, tuple[NDArray[np.float64], str]]
) -> pd.DataFrame:
    rows: dict[str, dict[str, float]] = {}
    for name, structure in found.items():
        rows[name] = {}
        for column, (vectors, kind) in columns.items():
            score = method.edge_scores(structure, vectors, kind)  # type: ignore[arg-type]
            rows[name] |= {column: score.mean, f"{column}_half": score.half_width}
    return pd.DataFrame.from_dict(rows, orient="index")


def with_intervals(table: pd.DataFrame) -> pd.DataFrame:
    """Write each mean and half width of a table into one cell, for a page. Chapter: concept_hierarchies."""
    shown = pd.DataFrame(index=table.index)
    for column in table.columns:
        if column.endswith("_half"):
            continue
        half = f"{column}_half"
        shown[column] = (
            [f"{m:.3f} ± {h:.3f}" for m, h in zip(table[column], table[half], strict=True)]
            if half in table
            else table[column]
        )
    return shown


def stacked(by_set: Mapping[str, pd.DataFrame], rows: str) -> pd.DataFrame:
    """Put tables of several sets of clips one below the other, each mean with its interval in one cell.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    by_set : mapping of str to DataFrame
        Tables, by set.
    rows : str
        What the rows of each are, for the head of the column.

    Returns
    -------
    DataFrame
    """
    shown = {name: with_intervals(table) for name, table in by_set.items()}
    return pd.concat(shown, names=["clips", rows])


def source_measures(tables: Mapping[str, Sequence[pd.DataFrame]]) -> Measures:
    """Name what `source_scores` found, by set and seed: `table1.SET.TREE.COLUMN`.

    Chapter: concept_hierarchies.
    """
    found: Measures = {}
    for name, of_seeds in tables.items():
        cells = pd.concat([table.filter(regex="^[a-z]+$").stack() for table in of_seeds], axis=1)
        for (source, column), values in cells.dropna().iterrows():
            found[f"table1.{name}.{source}.{column}"] = {"values": values.tolist()}
    return found


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
