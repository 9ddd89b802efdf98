"""The four small tables of ours that ship with the library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder, open_decoded

_EMBEDDINGS_SHAPE = (179, 29, 128)


@dataclass(frozen=True)
class MesonetScores:
    """What the two released MesoNet networks say of 7,104 validation faces. Chapter: mesonet.

    Attributes
    ----------
    name : str
        Name in the registry.
    scores : DataFrame
        One row a face: `label` (``real`` or ``deepfake``), `video` and `frame` (int, from the
        file names), `side_px` (int, side of the crop), `meso4` and `mesoinception` (network
        output in [0, 1], near 1 = real).
    """

    name: str
    scores: pd.DataFrame


@dataclass(frozen=True)
class GmPrograms:
    """The General MIDI instruments as a tree of two floors. Chapter: concept_hierarchies.

    Attributes
    ----------
    name : str
        Name in the registry.
    programs : DataFrame
        One row an instrument: `program` (int, 0 to 127), `program_name`, `family_id` (int, 0 to
        15), `family`.
    """

    name: str
    programs: pd.DataFrame


@dataclass(frozen=True)
class GenreParents:
    """Parents of 54 Jamendo genre tags among the Discogs genres. Chapter: concept_hierarchies.

    Attributes
    ----------
    name : str
        Name in the registry.
    parents : DataFrame
        `tag`, `parent` (several are joined by ``|``), `relation`: ``top`` (the tag is a top-level
        genre itself), ``style`` (listed under that genre), ``ambiguous`` (several parents),
        ``near`` (no style of exactly that name).
    """

    name: str
    parents: pd.DataFrame


@dataclass(frozen=True)
class GameMusicEmbeddings:
    """Activations of a music tagger on 179 game soundtracks. Chapter: concept_hierarchies.

    Attributes
    ----------
    name : str
        Name in the registry.
    embeddings : ndarray of float16, shape (179, 29, 128)
        Tracks, moments (30 central seconds), channels of the fifth pooling layer.
    tracks : DataFrame
        `row` (int, place in `embeddings`), `package` (Debian package), `file`, `duration_s`
        (seconds).
    """

    name: str
    embeddings: NDArray[np.float16]
    tracks: pd.DataFrame


def read_mesonet_scores(folder: Folder) -> MesonetScores:
    """Read the validation scores."""
    names = {"meso4_df": "meso4", "mesoinception_df": "mesoinception"}
    return MesonetScores(folder.name, _csv(folder, "scores.csv").rename(columns=names))


def read_gm_programs(folder: Folder) -> GmPrograms:
    """Read the instrument tree."""
    return GmPrograms(folder.name, _csv(folder, "gm_programs.csv").rename(columns={"name": "program_name"}))


def read_genre_parents(folder: Folder) -> GenreParents:
    """Read the genre parents."""
    names = {"jamendo_genre_tag": "tag", "discogs_parent": "parent"}
    table = _csv(folder, "jamendo_genre_to_discogs_parent.csv")
    return GenreParents(folder.name, table.rename(columns=names))


def read_game_music(folder: Folder) -> GameMusicEmbeddings:
    """Read the embeddings and the list of tracks in the same order."""
    with np.load(folder.path("pool5_msd_vgg.npz"), allow_pickle=False) as arrays:
        embeddings = arrays["emb"]
    if embeddings.shape != _EMBEDDINGS_SHAPE:
        raise DataError(f"{folder.name}: shape {embeddings.shape}, expected {_EMBEDDINGS_SHAPE}")
    tracks = _csv(folder, "tracks.csv").rename(columns={"debian_package": "package"})
    return GameMusicEmbeddings(folder.name, embeddings, tracks)


def _csv(folder: Folder, file: str) -> pd.DataFrame:
    with open_decoded(folder.path(file)) as stream:
        return pd.read_csv(stream, keep_default_na=False)
