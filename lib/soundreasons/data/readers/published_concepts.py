"""What the authors of the hierarchies of audio concepts published. Chapter: concept_hierarchies."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder
from soundreasons.data.readers import pickles

GRAPHS = ("apm_genres", "apm_moods", "deezer_graph", "opt_llm", "opt_mwon", "opt_sdoh", "opt_usg",
          "simmatch", "simtop")  # fmt: skip
VECTOR_SETS = ("apm_genres", "apm_moods")


@dataclass(frozen=True)
class ConceptVectors:
    """Concept vectors of one set of concepts.

    Attributes
    ----------
    names : tuple of str
        Of the concepts.
    vectors : tuple of ndarray, each of shape (n_concepts, n_dims)
        For the layers pool3, pool4, pool5 and tags.
    biases : tuple of ndarray, each of shape (n_concepts,)
    """

    names: tuple[str, ...]
    vectors: tuple[NDArray[np.float64], ...]
    biases: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True)
class PublishedConcepts:
    """Trees, concept vectors and usage vectors as published.

    Attributes
    ----------
    name : str
        Name in the registry.
    nodes : DataFrame
        `graph` (one of `GRAPHS`), `node` (text, the id), `label`, `group` (text: the colour, which
        stands for the editorial group in the two APM trees and for nothing known elsewhere).
    links : DataFrame
        `graph`, `parent`, `child` (ids).
    concepts : dict of str to ConceptVectors
        For ``apm_genres`` and ``apm_moods``.
    usage_ids : tuple of str
        Playlists with a usage vector.
    usage : ndarray, shape (n_playlists, 128)
        Their vectors.
    """

    name: str
    nodes: pd.DataFrame
    links: pd.DataFrame
    concepts: dict[str, ConceptVectors]
    usage_ids: tuple[str, ...]
    usage: NDArray[np.float64]


def read_published(folder: Folder) -> PublishedConcepts:
    """Read the trees as tables and let only arrays, numbers and text out of the pickles."""
    nodes, links = [], []
    for graph in GRAPHS:
        drawn = json.loads(folder.path(f"{graph}.json").read_text(encoding="utf-8"))
        nodes += [(graph, str(n["id"]), str(n["label"]), str(n["color"])) for n in drawn["nodes"]]
        links += [(graph, str(link["source"]), str(link["target"])) for link in drawn["links"]]
    usage = pickles.read_object_array(folder.path("usg_embeddings.npy"))
    return PublishedConcepts(
        folder.name,
        pd.DataFrame(nodes, columns=["graph", "node", "label", "group"], dtype="str"),
        pd.DataFrame(links, columns=["graph", "parent", "child"], dtype="str"),
        {name: _vectors(folder, f"{name}_cav.npy") for name in VECTOR_SETS},
        tuple(map(str, usage)),
        np.array(list(usage.values()), dtype=np.float64),
    )


def _vectors(folder: Folder, file: str) -> ConceptVectors:
    weights, biases, names = read_object_list(folder.path(file), length=3)
    layers = range(4)
    vectors = tuple(np.asarray(weights[layer], dtype=np.float64).T for layer in layers)
    offsets = tuple(np.asarray(biases[layer], dtype=np.float64).ravel() for layer in layers)
    if any(v.shape[0] != len(names) for v in (*vectors, *offsets)):
        raise DataError(f"{folder.name}: {file} has vectors for another number of concepts than names")
    return ConceptVectors(tuple(map(str, names)), vectors, offsets)


def read_object_list(path: Path, *, length: int) -> list[Any]:
    """Read the `length` objects that a NumPy file (`.npy`) holds pickled, as `pickles.read_object_array`.

    Raises
    ------
    DataError
        If the pickle asks for anything but arrays, is damaged, or the file holds something else.
    """
    try:
        with path.open("rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            version = np.lib.format.read_magic(stream)
            shape, _, kind = np.lib.format.read_array_header_1_0(stream)
            if version != (1, 0) or shape != (length,) or kind != np.dtype(object):
                raise DataError(
                    f"{path} holds an array of shape {shape} of {kind}, expected {length} objects"
                )
            # The reader's own unpickler, which lets nothing but arrays be made; it stays private, so that
            # chapters which read a single object are not touched by this one.
            return list(pickles._TableUnpickler(stream, encoding="latin1").load())
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{path} is no pickled list ({type(error).__name__}: {error})") from error
