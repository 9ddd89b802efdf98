"""Readers of the concept chapter, on small files in the publishers' layouts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder
from soundreasons.data.readers import (
    music_tags,
    published_concepts,
    recordings,
    scores,
    taxonomies,
    tensor_bundle,
)


def folder(tmp_path, **texts):
    paths = {}
    for name, text in texts.items():
        file = name.replace("__", ".")
        paths[file] = tmp_path / file
        paths[file].write_text(text, encoding="utf-8")
    return Folder("small", paths)


def test_jamendo_joins_its_parts_and_counts_a_tag_of_two_subsets_once(tmp_path):
    head = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
    paths = {}
    for subset in music_tags.JAMENDO_SUBSETS:
        for part in music_tags.JAMENDO_PARTS:
            name = f"autotagging_{subset}-{part}.tsv"
            row = (
                "t1\ta\tb\tp\t1.0\tgenre---rock\tgenre---pop\n"
                if subset == "genre" and part != "test"
                else ""
            )
            paths[name] = tmp_path / name
            paths[name].write_text(head + row)
    table = music_tags.read_jamendo(Folder("small", paths)).taggings
    assert table.to_numpy().tolist() == [["t1", "genre", "pop"], ["t1", "genre", "rock"]]
    paths["autotagging_genre-test.tsv"].write_text("no header\n")
    with pytest.raises(DataError, match="has no header"):
        music_tags.read_jamendo(Folder("small", paths))


def test_magnatagatune_numbers_test_clips_behind_validation_clips(tmp_path):
    (tmp_path / "tags.txt").write_text("guitar\nflute\n")
    np.save(tmp_path / "v.npy", np.array([[1.0, 0], [0, 0]]))
    np.save(tmp_path / "t.npy", np.array([[1.0, 1]]))
    paths = {"top50_tags.txt": tmp_path / "tags.txt", "y_valid_pub.npy": tmp_path / "v.npy"}
    record = music_tags.read_magnatagatune(Folder("small", {**paths, "y_test_pub.npy": tmp_path / "t.npy"}))
    assert record.taggings.to_numpy().tolist() == [[0, "guitar"], [2, "guitar"], [2, "flute"]]
    (tmp_path / "tags.txt").write_text("guitar\n")
    with pytest.raises(DataError, match="2 columns of labels, but 1 tags"):
        music_tags.read_magnatagatune(Folder("small", {**paths, "y_test_pub.npy": tmp_path / "t.npy"}))


def test_the_tree_of_beets_knows_parents_and_empty_branches(tmp_path):
    text = "- rock:\n  - punk:\n    - oi\n  - glam:\n- folk\n"
    files = {"genres-tree__yaml": text, "genres__txt": "glam\n\n polka\n"}
    record = taxonomies.read_beets(folder(tmp_path, **files))
    expected = [["rock", ""], ["punk", "rock"], ["oi", "punk"], ["glam", "rock"], ["folk", ""]]
    assert record.tree.to_numpy().tolist() == expected
    assert record.genres["genre"].tolist() == ["glam", "polka"]
    with pytest.raises(DataError, match="where a name should stand"):
        taxonomies.read_beets(folder(tmp_path, **{**files, "genres-tree__yaml": "- \n- rock\n"}))


def test_discogs_labels_are_read_from_code_that_is_not_run(tmp_path):
    code = "labels = ['Rock---Punk', 'Jazz---Bop']\nraise SystemExit\n"
    (tmp_path / "labels.py").write_text(code)
    taxonomies.convert_discogs_labels({"labels.py": tmp_path / "labels.py"}, tmp_path)
    record = taxonomies.read_discogs(Folder("small", {"discogs400.csv": tmp_path / "discogs400.csv"}))
    assert record.styles.to_numpy().tolist() == [["Rock", "Punk"], ["Jazz", "Bop"]]


def test_audioset_keeps_every_parent(tmp_path):
    entries = [
        {"id": "a", "name": "Wind", "description": "", "child_ids": ["c"]},
        {"id": "b", "name": "Keys", "description": "", "child_ids": ["c"]},
        {"id": "c", "name": "Organ", "description": "", "child_ids": []},
    ]
    record = taxonomies.read_audioset(folder(tmp_path, ontology__json=json.dumps(entries)))
    assert record.children.to_numpy().tolist() == [["a", "c"], ["b", "c"]]


def test_a_score_becomes_notes_and_ties_one_note(tmp_path):
    tune = "X:1\nT:Tune\nM:4/4\nL:1/4\nK:C\nC D E2 | G4- | G4 |\n"
    (tmp_path / "tune.abc").write_text(tune)
    scores.convert_music21({"fiddle/tune.abc": tmp_path / "tune.abc"}, tmp_path)
    notes = scores.read_scores(Folder("small", {"notes.parquet": tmp_path / "notes.parquet"})).notes
    assert notes[["style", "piece"]].drop_duplicates().to_numpy().tolist() == [["fiddle", "tune"]]
    assert notes[["onset", "duration", "pitch"]].to_numpy().tolist() == [
        [0, 1, 60], [1, 1, 62], [2, 2, 64], [4, 8, 67],
    ]  # fmt: skip


def test_recordings_are_named_without_their_ending(tmp_path):
    record = recordings.read_recordings(Folder("small", {"a/b.ogg": tmp_path / "x.ogg"}))
    assert record.paths == {"b": tmp_path / "x.ogg"}


def test_published_vectors_must_fit_their_names(tmp_path):
    good = np.empty(3, dtype=object)
    good[:] = [{k: np.ones((2, 3)) for k in range(4)}, {k: np.ones((1, 3)) for k in range(4)}, ["a", "b"]]
    np.save(tmp_path / "cav.npy", good, allow_pickle=True)
    with pytest.raises(DataError, match="another number of concepts than names"):
        published_concepts._vectors(Folder("small", {"cav.npy": tmp_path / "cav.npy"}), "cav.npy")
    with pytest.raises(DataError, match="expected 2 objects"):
        published_concepts.read_object_list(tmp_path / "cav.npy", length=2)
    assert published_concepts.read_object_list(tmp_path / "cav.npy", length=3)[2] == ["a", "b"]


def varint(number):
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def bundle(tmp_path, entries, *, compressed=0):
    """Write a checkpoint by hand: one block of entries, an index block, a footer."""

    def block(rows):
        body = b"".join(b"\0" + varint(len(k)) + varint(len(v)) + k + v for k, v in rows)
        return body + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")

    first = block(entries)
    table = first + bytes([compressed]) + b"\0" * 4
    index = block([(b"z", varint(0) + varint(len(first)))])
    place = len(table)
    table += index + b"\0" * 5
    handles = varint(0) + varint(0) + varint(place) + varint(len(index))
    footer = handles + b"\0" * (40 - len(handles)) + tensor_bundle.MAGIC.to_bytes(8, "little")
    (tmp_path / "index").write_bytes(table + footer)
    (tmp_path / "data").write_bytes(np.arange(6, dtype="<f4").tobytes())
    return tmp_path / "index", tmp_path / "data"


def test_a_checkpoint_written_by_hand_is_read(tmp_path):
    # Type float, shape 2 by 3, offset left out (0), 24 bytes.
    shape = b"\x12\x02\x08\x02" + b"\x12\x02\x08\x03"
    entry = b"\x08\x01" + b"\x12" + varint(len(shape)) + shape + b"\x28\x18"
    read = tensor_bundle.read_bundle(*bundle(tmp_path, [(b"", b""), (b"w/kernel", entry)]))
    assert read["w/kernel"].tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(DataError, match="compressed index"):
        tensor_bundle.read_bundle(*bundle(tmp_path, [(b"w", entry)], compressed=1))
    too_long = entry.replace(b"\x28\x18", b"\x28\x19")
    with pytest.raises(DataError, match="needs 24 bytes"):
        tensor_bundle.read_bundle(*bundle(tmp_path, [(b"w", too_long)]))


def test_a_list_that_asks_for_more_than_arrays_is_refused(tmp_path):
    bad = np.empty(3, dtype=object)
    bad[:] = [tmp_path, 1, 2]
    np.save(tmp_path / "bad.npy", bad, allow_pickle=True)
    with pytest.raises(DataError, match="which a table does not need; refused"):
        published_concepts.read_object_list(tmp_path / "bad.npy", length=3)
