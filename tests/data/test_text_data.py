"""Readers of texts and text encoders, on files made here."""

from __future__ import annotations

import struct

import numpy as np
import pandas as pd
import pytest

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder
from soundreasons.data.readers import music_requests, text_models


def four_bit_file(path, *, block=32, magic=b"E5S1"):
    """A model of one matrix of 2 x 32 in four bits and one bias, written by hand as the layout says."""
    pieces = ["<s>", "▁sad", "é"]
    text = [piece.encode() for piece in pieces]
    head = magic + struct.pack("<I7ifi", 1, 32, 1, 1, 64, 3, 8, 2, 1e-12, block)
    head += struct.pack("<5iQ", 3, 0, 2, 1, 2, sum(map(len, text)))
    head += np.cumsum([0, *map(len, text)]).astype("<u4").tobytes()
    head += np.array([-1.0, -2.0, -3.0], dtype="<f4").tobytes() + b"".join(text)
    replaced = struct.pack("<IBII", 0xFB01, 2, ord("f"), ord("i"))  # the ligature fi
    head += struct.pack("<iI", 1, len(replaced)) + replaced
    halves = bytes(range(16))  # low halves 0 to 15, high halves 0
    rows = [np.array([scale], dtype="<f2").tobytes() + halves for scale in (1.0, 0.5)]
    bias = np.array([0.25, -1.0], dtype="<f4").tobytes()
    entries = [("l0.q.w", 1, 64, b"".join(rows)), ("l0.q.b", 0, 2, bias)]
    size = len(head) + 4 + sum(2 + len(name) + 1 + 4 + 8 + 8 for name, *_ in entries)
    directory, body = struct.pack("<i", len(entries)), b""
    for name, kind, count, content in entries:
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, count, size + len(body), len(content))
        body += content
    path.write_bytes(head + directory + body)
    return Folder("made", {"model.bin": path})


def test_four_bits_are_numbers_again(tmp_path):
    record = text_models.read_four_bit(four_bit_file(tmp_path / "model.bin"))
    # By hand: low halves 0..15 become -8..7 scales, high halves 0 become -8 scales.
    row = np.concatenate([np.arange(-8, 8), np.full(16, -8)])
    np.testing.assert_array_equal(record.tensors["l0.q.w"], np.stack([row, row / 2]))
    np.testing.assert_array_equal(record.tensors["l0.q.b"], [0.25, -1])
    assert record.pieces == ["<s>", "▁sad", "é"]
    assert record.replacements == {0xFB01: "fi"}
    assert record.special == {"bos": 0, "eos": 2, "pad": 1, "unk": 2}
    assert record.sizes["hidden"] == 32


@pytest.mark.parametrize(
    ("change", "told"), [({"magic": b"GGUF"}, "begins with b'GGUF'"), ({"block": 64}, "64 w")]
)
def test_another_format_is_refused(tmp_path, change, told):
    with pytest.raises(DataError, match=told):
        text_models.read_four_bit(four_bit_file(tmp_path / "model.bin", **change))


def test_word_vectors_and_words_must_agree(tmp_path):
    np.save(tmp_path / "vectors.npy", np.ones((3, 2), dtype=np.float32))
    pd.DataFrame({"index": ["the", "of"]}).to_parquet(tmp_path / "words.parquet")
    paths = {name: tmp_path / name for name in ("vectors.npy", "words.parquet")}
    with pytest.raises(DataError, match="3 vectors for 2 words"):
        text_models.read_glove(Folder("made", paths))


def test_slices_of_an_archive_are_joined_in_order(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "whole.zip", "w") as archive:
        archive.writestr("model/modules.json", "[]")
        archive.writestr("model/1_Pooling/config.json", "{}")
    content = (tmp_path / "whole.zip").read_bytes()
    inputs = {}
    for number, part in enumerate((content[:40], content[40:])):
        path = tmp_path / f"part{number}"
        path.write_bytes(part)
        inputs[f"slice_{number}"] = text_models.ModelFile("made", path)
    target = tmp_path / "joined"
    target.mkdir()
    text_models.join_zip(dict(reversed(inputs.items())), target)
    assert (target / "modules.json").read_text() == "[]"
    assert (target / "1_Pooling" / "config.json").read_text() == "{}"


def pieces(captions=("It sings.",), ground=("A song.",)):
    clips = pd.DataFrame(
        {"clip_id": ["x"], "start_s": [30], "aspects": ["['sad']"], "caption": ["A song."], "is_eval": [True]}
    )
    written = pd.DataFrame({"caption": captions, "ground_truth": ground})
    asked = pd.DataFrame({"caption": ["It sings."], "request": ["Sing!"]})
    return {
        "musiccaps": music_requests.MusicCaps("m", clips),
        "lp_musiccaps_captions": music_requests.WrittenCaptions("c", written),
        "musiccaps_requests": music_requests.WrittenRequests("r", asked),
    }


def test_captions_meet_their_clip_and_their_request(tmp_path):
    music_requests.join_described_clips(pieces(("It sings.", "It is."), ("A song.", "A song.")), tmp_path)
    clips = music_requests.read_described_clips(Folder("made", {"clips.csv": tmp_path / "clips.csv"})).clips
    assert clips["request"].tolist() == ["Sing!", ""]
    assert clips["aspects"].tolist() == ["['sad']"] * 2


def test_a_caption_of_no_clip_is_refused(tmp_path):
    with pytest.raises(DataError, match="1 captions meet 0 clips"):
        music_requests.join_described_clips(pieces(ground=("Another.",)), tmp_path)


def test_a_taggers_labels_are_read_and_its_code_is_not_run(tmp_path):
    path = tmp_path / "configuration.py"
    path.write_text("SR = 1\nMTT_LABELS = ['Guitar', 'slow']\nraise SystemExit('run')\n")
    labels = music_requests.read_tagger_words(Folder("made", {"configuration.py": path})).labels
    assert labels.to_numpy().tolist() == [["MTT", "guitar"], ["MTT", "slow"]]
    path.write_text("MTT_LABELS = [open('x')]\n")
    with pytest.raises(ValueError, match="malformed node"):
        music_requests.read_tagger_words(Folder("made", {"configuration.py": path}))
