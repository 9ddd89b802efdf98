"""Songs described in words, and what people say when they look for music.

Chapter: song_descriptors.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder, open_decoded, text_lines


@dataclass(frozen=True)
class MusicCaps:
    """5,521 ten-second clips described by musicians (Agostinelli et al., 2023); no audio.

    Attributes
    ----------
    name : str
        Name in the registry.
    clips : DataFrame
        `clip_id` (text), `start_s` (int, seconds), `aspects` (text: a list in Python's notation, as
        published), `caption` (text, several sentences), `is_eval` (bool: in the evaluation part).
    """

    name: str
    clips: pd.DataFrame


@dataclass(frozen=True)
class WrittenCaptions:
    """Captions that GPT-3.5 wrote from the aspects of MusicCaps' evaluation part (Doh et al., 2023).

    Attributes
    ----------
    name : str
        Name in the registry.
    captions : DataFrame
        `caption` (text, the model's), `ground_truth` (text, MusicCaps' own caption).
    """

    name: str
    captions: pd.DataFrame


@dataclass(frozen=True)
class WrittenRequests:
    """Captions turned into requests by Llama-3-8B-Instruct (Epure et al., 2024).

    Attributes
    ----------
    name : str
        Name in the registry.
    requests : DataFrame
        `caption` (text), `request` (text).
    """

    name: str
    requests: pd.DataFrame


@dataclass(frozen=True)
class DescribedClips:
    """The test part of LP-MusicCaps-MC, joined again from its published pieces.

    Attributes
    ----------
    name : str
        Name in the registry.
    clips : DataFrame
        `clip_id`, `aspects` (as published), `caption` (GPT-3.5's, "writing" style), `request` (Llama-3's,
        empty where it has none).
    """

    name: str
    clips: pd.DataFrame


@dataclass(frozen=True)
class ForumRequests:
    """2,551 requests that people made to people (Epure and Hennequin, 2023).

    Attributes
    ----------
    name : str
        Name in the registry.
    requests : DataFrame
        `part` (int, 1 to 4), `request` (text, as written).
    """

    name: str
    requests: pd.DataFrame


@dataclass(frozen=True)
class PlaylistDialogs:
    """Conversations in which a playlist is made, with what was liked (Chaganty et al., 2023).

    Attributes
    ----------
    name : str
        Name in the registry.
    turns : DataFrame
        `dialog_id`, `turn` (int, from 0), `request` (text: what the user said).
    judgements : DataFrame
        `dialog_id`, `turn` (int), `track_id`, `liked` (bool).
    tracks : DataFrame
        `track_id`, `title`, `artists` (text, joined by ``, ``), `release`, `cluster_id` (tracks of nearly
        the same title and artists share one).
    """

    name: str
    turns: pd.DataFrame
    judgements: pd.DataFrame
    tracks: pd.DataFrame


@dataclass(frozen=True)
class TaggerWords:
    """What two music taggers can say: 50 labels each (Pons and Serra, 2019).

    Attributes
    ----------
    name : str
        Name in the registry.
    labels : DataFrame
        `vocabulary` (``MTT`` or ``MSD``), `label` (text, lower case).
    """

    name: str
    labels: pd.DataFrame


def read_musiccaps(folder: Folder) -> MusicCaps:
    """Read the public table."""
    table = _csv(folder.path("musiccaps-public.csv"))
    clips = pd.DataFrame(
        {
            "clip_id": table["ytid"].astype("str"),
            "start_s": table["start_s"],
            "aspects": table["aspect_list"].astype("str"),
            "caption": table["caption"].astype("str"),
            "is_eval": table["is_audioset_eval"].astype(bool),
        }
    )
    return MusicCaps(folder.name, clips)


def read_captions(folder: Folder) -> WrittenCaptions:
    """Read the stored outputs of the language model."""
    with open_decoded(folder.path("captions.json")) as stream:
        rows = json.load(stream)
    columns = {"caption": "prediction", "ground_truth": "ground_truth"}
    captions = pd.DataFrame({ours: [row[theirs] for row in rows] for ours, theirs in columns.items()})
    return WrittenCaptions(folder.name, captions.astype("str"))


def read_requests(folder: Folder) -> WrittenRequests:
    """Read the rewritten captions."""
    table = _csv(folder.path("mc_rephrased.csv"))
    columns = {"caption": "caption", "caption_rephrased": "request"}
    return WrittenRequests(folder.name, table[list(columns)].rename(columns=columns).astype("str"))


def join_described_clips(inputs: Mapping[str, Any], target: Path) -> None:
    """Join captions, aspects and requests: by MusicCaps' caption, then by the written one.

    Raises
    ------
    DataError
        If a caption belongs to no clip, or to two.
    """
    clips = inputs["musiccaps"].clips.rename(columns={"caption": "ground_truth"})
    joined = inputs["lp_musiccaps_captions"].captions.merge(clips, on="ground_truth", how="left")
    n_captions = len(inputs["lp_musiccaps_captions"].captions)
    if len(joined) != n_captions or joined["clip_id"].isna().any():
        raise DataError(
            f"{n_captions} captions meet {joined['clip_id'].notna().sum()} clips, expected one each"
        )
    requests = (
        inputs["musiccaps_requests"].requests.drop_duplicates("caption").set_index("caption")["request"]
    )
    joined["request"] = joined["caption"].map(requests).fillna("")
    joined[["clip_id", "aspects", "caption", "request"]].to_csv(target / "clips.csv", index=False)


def read_described_clips(folder: Folder) -> DescribedClips:
    """Read the joined table."""
    return DescribedClips(folder.name, _csv(folder.path("clips.csv")).astype("str"))


def read_forum_requests(folder: Folder) -> ForumRequests:
    """Read the four parts, in order."""
    parts = []
    for part in (1, 2, 3, 4):
        table = _csv(folder.path(f"queries{part}.csv"))
        parts.append(pd.DataFrame({"part": part, "request": table["original"].astype("str")}))
    return ForumRequests(folder.name, pd.concat(parts, ignore_index=True))


def read_dialogs(folder: Folder) -> PlaylistDialogs:
    """Read the conversations, one a line."""
    turns, judgements, tracks = [], [], {}
    for line in text_lines(folder.path("dialogs.jsonl")):
        dialog = json.loads(line)
        for number, turn in enumerate(dialog["turns"]):
            turns.append((dialog["id"], number, turn["user_query"]))
            for kind in ("liked", "disliked"):
                for track in turn[f"{kind}_results"]:
                    judgements.append((dialog["id"], number, track, kind == "liked"))
        for track, facts in dialog["tracks"].items():
            tracks[track] = (
                track,
                facts["track_titles"],
                ", ".join(facts["track_artists"]),
                facts["track_release_titles"],
                facts["track_cluster_ids"],
            )
    track_columns = ["track_id", "title", "artists", "release", "cluster_id"]
    return PlaylistDialogs(
        folder.name,
        pd.DataFrame(turns, columns=["dialog_id", "turn", "request"]),
        pd.DataFrame(judgements, columns=["dialog_id", "turn", "track_id", "liked"]),
        pd.DataFrame(list(tracks.values()), columns=track_columns).fillna("").astype("str"),
    )


def read_tagger_words(folder: Folder) -> TaggerWords:
    """Read two lists of a Python file as literals; the file is never run."""
    source = "\n".join(text_lines(folder.path("configuration.py")))
    rows = []
    for node in ast.parse(source).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(node, ast.Assign) and isinstance(target, ast.Name) and target.id.endswith("_LABELS"):
            vocabulary = target.id.removesuffix("_LABELS")
            rows += [(vocabulary, str(label).lower()) for label in ast.literal_eval(node.value)]
    return TaggerWords(folder.name, pd.DataFrame(rows, columns=["vocabulary", "label"], dtype="str"))


def _csv(path: Path) -> pd.DataFrame:
    with open_decoded(path) as stream:
        return pd.read_csv(stream, keep_default_na=False)
