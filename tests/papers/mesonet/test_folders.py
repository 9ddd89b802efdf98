"""Faces on disk, FaceForensics' layout, files of a reader's own; what fails is named and stops nothing."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

from soundreasons.media import video
from soundreasons.papers import mesonet
from soundreasons.papers.mesonet import trial
from soundreasons.papers.mesonet.data import folders
from soundreasons.papers.mesonet.experiments import own_data
from soundreasons.papers.mesonet.method import recipe


def pictures(home, n, brightness):
    home.mkdir(parents=True)
    rng = np.random.default_rng(brightness)
    for k in range(n):
        pixels = rng.integers(brightness, brightness + 60, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(home / f"{k}.png")


@pytest.fixture
def authors(tmp_path):
    """The authors' layout: train and test, each with df and real."""
    for part, n in (("train", 12), ("test", 6)):
        pictures(tmp_path / part / "df", n, 10)
        pictures(tmp_path / part / "real", n, 180)
    return tmp_path


def test_the_authors_folders_are_listed_with_their_labels(authors):
    found = folders.faces_folder(authors / "train")
    assert [picture.is_real for picture in found] == [False] * 12 + [True] * 12
    faces = folders.PictureFolder(found, 32)
    face, label = faces[0]
    assert (tuple(face.shape), float(label), len(faces)) == ((3, 32, 32), 0.0, 24)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_gives_batches_of_both_labels_on_the_device(authors, workers):
    faces = folders.PictureFolder(folders.faces_folder(authors / "train"), 32)
    batches = folders.loader_batches(faces, 16, workers=workers, seed=0, device="cpu")
    x, y = next(batches)
    batches.close()
    assert x.shape == (16, 3, 32, 32)
    assert set(y.tolist()) == {0.0, 1.0}
    assert ((x.mean((1, 2, 3)) > 0.5) == (y > 0.5)).all()


def test_the_papers_recipe_learns_a_tiny_folder(authors):
    settings = mesonet.Training(steps=40, batch_size=8, augment=False)
    found = own_data.folder_experiment("meso4", authors, settings, [0], own_data.Reading(size=32))
    assert found["total"] == [pytest.approx((found["forged"][0] + found["real"][0]) / 2)]
    assert found["total"][0] > 0.9


def test_the_papers_recipe_is_the_papers():
    assert (mesonet.PAPER.batch_size, mesonet.PAPER.learning_rate) == (75, 1e-3)
    network = mesonet.Meso4(32)
    trainer = recipe(network, mesonet.PAPER)
    rates = []
    for _ in range(mesonet.PAPER.steps):
        rates.append(trainer.optimiser.param_groups[0]["lr"])
        trainer.optimiser.step()
        trainer.schedule.step()
    assert [rates[k] for k in (0, 999, 1000, 1999, 2000, 3000)] == pytest.approx(
        [1e-3, 1e-3, 1e-4, 1e-4, 1e-5, 1e-6]
    )


def test_folders_that_are_not_so_are_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match="is no folder"):
        folders.faces_folder(tmp_path / "none")
    pictures(tmp_path / "real", 1, 10)
    with pytest.raises(ValueError, match="has no folder df or forged or fake or deepfake; it holds real"):
        folders.faces_folder(tmp_path)
    (tmp_path / "df").mkdir()
    with pytest.raises(ValueError, match="df holds no picture"):
        folders.faces_folder(tmp_path)


def test_a_damaged_picture_is_named(authors):
    (authors / "train" / "df" / "0.png").write_bytes(b"\x89PNG broken")
    with pytest.raises(ValueError, match=r"0\.png"):
        folders.PictureFolder(folders.faces_folder(authors / "train"), 32)[0]


@pytest.fixture
def clip(real):
    """Eight frames of a person, as a file in memory."""
    real("mtcnn_landmarks")
    path = real("talking_faces_pexels").folder / "single_face.mp4"
    return video.encode([frame.pixels for frame in video.sample(path, 8)[0]])


def test_faceforensics_videos_become_folders_of_faces_and_a_bad_one_stops_nothing(clip, tmp_path):
    for home in ("original_sequences/youtube/c23/videos", "manipulated_sequences/Face2Face/c23/videos"):
        (tmp_path / home).mkdir(parents=True)
        (tmp_path / home / "000.mp4").write_bytes(clip)
        (tmp_path / home / "001.mp4").write_bytes(b"broken")
    rows = list(
        folders.faceforensics_faces(tmp_path, "Face2Face", 23, tmp_path / "faces", per_video=4, size=64)
    )
    assert [(name, n) for name, n, _ in rows] == [("000.mp4", 4), ("001.mp4", 0)] * 2
    assert "001.mp4 is no video" in rows[1][2]
    assert len(folders.faces_folder(tmp_path / "faces")) == 8
    with pytest.raises(ValueError, match="NeuralTextures/c23/videos holds no video"):
        list(folders.faceforensics_faces(tmp_path, "NeuralTextures", 23, tmp_path / "more"))


# -- a reader's own files ------------------------------------------------------------------------------


@pytest.fixture
def weights(real):
    return real("mesonet_released")


def test_a_video_is_scored_by_all_weights_with_a_sheet_and_a_caveat(weights, clip, tmp_path):
    (tmp_path / "me.mp4").write_bytes(clip)
    text = trial.run(str(tmp_path / "me.mp4"), tmp_path / "out")
    for name in (
        "meso4, deepfake",
        "meso4, face2face",
        "mesoinception4, deepfake",
        "mesoinception4, face2face",
    ):
        assert name in text
    assert "me.mp4: 1 face" in text
    assert trial.CAVEAT in text
    with Image.open(tmp_path / "out" / "me-faces.png") as sheet:
        assert sheet.size == (8 * 128, 132)


def test_pictures_of_16_bits_and_with_transparency_are_scored(weights, clip, tmp_path):
    frame = video.decode(clip).pixels[0]
    grey = frame.mean(axis=2)
    Image.fromarray((257 * grey).astype(np.uint16)).save(tmp_path / "deep.png")
    Image.fromarray(np.dstack([frame, np.full(frame.shape[:2], 255, np.uint8)])).save(tmp_path / "clear.png")
    for name in ("deep.png", "clear.png"):
        assert f"{name}: 1 face" in trial.run(str(tmp_path / name), None)


def test_bad_files_of_a_folder_are_named_and_the_good_one_is_scored(weights, clip, tmp_path):
    (tmp_path / "good.mp4").write_bytes(clip)
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "broken.mkv").write_bytes(clip[:300])
    Image.fromarray(np.full((80, 80, 3), 90, np.uint8)).save(tmp_path / "wall.png")
    soundfile.write(tmp_path / "song.wav", np.zeros(4000), 8000)
    (tmp_path / "song.wav").rename(tmp_path / "song.mp4")
    text = trial.run(str(tmp_path), None)
    assert "good.mp4: 1 face" in text
    reasons = {
        "empty.mp4": "is empty", "broken.mkv": "broken.mkv", "wall.png": "shows no face",
        "song.mp4": "no picture",
    }  # fmt: skip
    for name, told in reasons.items():
        (line,) = [line for line in text.splitlines() if line.startswith(name)]
        assert "not scored" in line
        assert told in line


def test_every_kind_of_bad_file_of_a_batch_is_named_and_the_others_are_scored(weights, clip, tmp_path):
    frames = video.decode(clip).pixels
    sixteen = (257 * frames[0].mean(axis=2)).astype(np.uint16)
    good = {
        "whole.mp4": clip, "one-frame.mkv": video.encode(frames[:1]), "cut.mp4": clip[: 4 * len(clip) // 5],
    }  # fmt: skip
    for name, content in good.items():
        (tmp_path / name).write_bytes(content)
    Image.fromarray(sixteen).save(tmp_path / "sixteen-bits.png")
    clear = np.dstack([frames[0], np.full(frames[0].shape[:2], 255, np.uint8)])
    Image.fromarray(clear).save(tmp_path / "transparent.png")
    (tmp_path / "empty.mp4").touch()
    video_of_a_wall = video.encode(np.full((4, 64, 64, 3), 120, dtype=np.uint8))
    (tmp_path / "wall.mp4").write_bytes(video_of_a_wall)
    soundfile.write(tmp_path / "song.wav", np.zeros(4000), 8000)
    (tmp_path / "song.wav").rename(tmp_path / "song.mov")
    (tmp_path / "noise.avi").write_bytes(np.random.default_rng(0).bytes(4000))
    (tmp_path / "folder.mp4").mkdir()
    Image.fromarray(frames[0].mean(axis=2).astype(np.float32)).save(tmp_path / "floats.tiff")
    bad = {
        "empty.mp4": "is empty", "wall.mp4": "shows no face", "song.mov": "has no picture",
        "noise.avi": "no video", "folder.mp4": "directory", "floats.tiff": "floating-point",
    }  # fmt: skip
    text = trial.run(str(tmp_path), None)
    for name in ("whole.mp4", "one-frame.mkv", "sixteen-bits.png", "transparent.png"):
        assert f"{name}: 1 face" in text
    assert "cut.mp4: " in text
    for name, told in bad.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"{name}: not scored: {name}")]
        assert told in line
        with pytest.raises(ValueError, match=name.replace(".", r"\.")):  # and alone, by name too
            trial.report(tmp_path / name, None)


def test_what_cannot_be_scored_at_all_is_an_error(weights, tmp_path):
    with pytest.raises(ValueError, match=r"none\.mp4 does not exist"):
        trial.run(str(tmp_path / "none.mp4"), None)
    with pytest.raises(ValueError, match="holds no video and no picture"):
        trial.run(str(tmp_path), None)
    (tmp_path / "a.mp4").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"no file could be scored\na\.mp4: not scored: a\.mp4 is no video"):
        trial.run(str(tmp_path), None)


def test_one_frame_is_enough(weights, clip, tmp_path):
    one = video.encode(video.decode(clip).pixels[:1])
    (tmp_path / "one.mkv").write_bytes(one)
    assert "seen in 1 frame\n" in trial.run(str(tmp_path / "one.mkv"), None) + "\n"


def test_the_batches_of_a_loader_train_in_the_layout_that_is_fast(authors):
    faces = folders.PictureFolder(folders.faces_folder(authors / "train"), 32)
    x, _ = next(folders.loader_batches(faces, 4, workers=0, seed=0, device="cpu"))
    assert x.is_contiguous(memory_format=torch.channels_last)
