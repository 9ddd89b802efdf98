"""Every section of the page on a bench of three faces whose results are known by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure

from soundreasons import data as registry
from soundreasons.papers import mesonet
from soundreasons.papers.mesonet import figures, trial
from soundreasons.papers.mesonet.data import faces, folders, landmarks
from soundreasons.papers.mesonet.experiments import (
    bench,
    blur,
    detection,
    false_alarms,
    frames,
    looking,
    own_data,
    people,
    validation,
)
from soundreasons.papers.mesonet.method.alignment import Placement
from soundreasons.papers.mesonet.testbed import autoencoder, editing, quality
from soundreasons.papers.mesonet.testbed import people as cast
from soundreasons.papers.mesonet.testbed.bench import KINDS, Clip, mouth_opening

SWAP = detection.Task("meso4", "swap", 23)
# Scores of two scenes of three frames, the same whoever is asked: real 2/3 and 1 right, forged 1 and 1/3.
SCORES = {
    "real": [[0.9, 0.8, 0.1], [0.9, 0.9, 0.9]],
    "passthrough": [[0.9, 0.9, 0.9], [0.1, 0.1, 0.1]],
    "swap": [[0.1, 0.1, 0.1], [0.2, 0.7, 0.7]],
    "transplant": [[0.9, 0.9, 0.9], [0.9, 0.9, 0.9]],
    "blur": [[0.1, 0.1, 0.9], [0.9, 0.9, 0.9]],
}


def clip(kind, person, part, brightness=0):
    crops = np.full((3, 32, 32, 3), brightness, np.uint8)
    return Clip(person, f"{person}-{part}", part, person in "ab", kind, 23, crops, np.array([1, 0, 0], bool))


class ToyBench:
    """Two people seen, with a scene of each part, and two unseen; forged faces are brighter by ten."""

    cast = cast.Cast({"a": "b", "b": "a", "c": "d", "d": "c"}, ["a", "b"], ["c", "d"])

    def clips(self, kind, quantisation):
        brightness = {"real": 100, "passthrough": 100}.get(kind, 110)
        who = [("a", "train"), ("a", "test"), ("b", "train"), ("b", "test"), ("c", "test"), ("d", "train")]
        return [clip(kind, person, part, brightness) for person, part in who]

    def train(self, kind, quantisation):
        return [c for c in self.clips(kind, quantisation) if c.is_seen and c.part == "train"]

    def test(self, kind, quantisation, *, seen):
        return [
            c for c in self.clips(kind, quantisation) if c.is_seen == seen and (c.part == "test" or not seen)
        ]


class Told(detection.Detectors):
    """Detectors that answer by `SCORES`."""

    def __init__(self):
        super().__init__(ToyBench(), {"swap": mesonet.Training(steps=2, batch_size=4, augment=False)})

    def scores(self, task, seeds, *, on, seen):
        return np.repeat(np.array([SCORES[on]]), len(seeds), axis=0)


@pytest.fixture
def told():
    return Told()


def rng():
    return np.random.default_rng(0)


# -- detection, people, frames -----------------------------------------------------------------------


def test_accuracies_of_frames_and_clips_by_hand(told):
    row = detection.accuracy_row(told, SWAP, [0], seen=True)
    assert row["real"].tolist() == [[pytest.approx(2 / 3), 1]]
    assert row["forged"].tolist() == [[1, pytest.approx(1 / 3)]]
    assert row["total"].tolist() == [[pytest.approx(5 / 6), pytest.approx(2 / 3)]]
    assert row["passed"].tolist() == [[1, 0]]
    # Means 0.6 and 0.9 are real; 0.1 is forged, 0.533 is not.
    assert row["clips"].tolist() == row["clips_by_share"].tolist() == [[1, 0.5]]
    assert detection.balanced(np.array([1.0]), np.array([0.0])).tolist() == [0.5]


def test_tables_and_intervals_of_accuracies_hold_the_same_means(told):
    both = [SWAP, SWAP._replace(network="mesoinception4")]
    found = detection.accuracies(told, both, {"swap": [0, 1]})
    table = detection.accuracy_table(found)
    assert table[["network", "people"]].iloc[0].tolist() == ["meso4", "seen"]
    assert table["frames"].tolist() == pytest.approx([0.75] * 4)
    estimates = detection.accuracies_at(found, 23, rng)
    assert estimates["accuracy.swap.meso4.unseen"].values == pytest.approx([0.75, 0.75])
    assert estimates["gain_of_inception.swap"].values == [0, 0]
    assert detection.accuracies_at(found, 40, rng) == {}
    over = people.accuracies_of_people(found, told.bench, rng)
    assert over["meso4.seen"].values == pytest.approx([0.75, 0.75])


def test_averaging_and_key_frames_by_hand(told):
    found = detection.accuracies(told, [SWAP], {"swap": [0]})
    assert frames.frames_and_clips(found).loc["meso4, swap, 23, seen"].tolist() == pytest.approx([0.75, 0.75])
    assert frames.gain_of_clips(found, 23, rng)["gain_of_clips.swap"].values == pytest.approx([0])
    result = frames.aggregate(told, SWAP, [0], [3], rng())
    # I-frames are the first ones: all four scenes are then called what they are, twice (seen and unseen).
    assert result.matrices["keys"].tolist() == [[1, 1, 1, 1]]
    assert result.matrices["all"].tolist() == [[1, 0.5, 1, 0.5]]
    assert (result.curve["accuracy"].tolist(), result.n_keys) == ([0.75], 1)
    curve, _ = frames.aggregation_curve(
        *(told.scores(SWAP, [0], on=kind, seen=True) for kind in ("real", "swap")), "swap", rng(),
        clips=[clip("real", "a", "test")] * 2, counts=[3],
    )  # fmt: skip
    assert curve["accuracy"].tolist() == [0.75]
    assert frames.gain_of_keys(result.matrices, rng)["keys"].values == [0.25]


def test_a_detector_is_trained_once_and_blur_is_asked_of_one_without_the_control(told):
    network = told.detector(SWAP, 0)
    assert told.detector(SWAP, 0) is network
    assert detection.Detectors.scores(told, SWAP, [0], on="swap", seen=True).shape == (1, 2, 3)
    # By hand: two of three blurred frames of the first scene are called forged, none of the second.
    called = blur.blur_called_forged(told, 23, [0], rng())
    assert called.values == pytest.approx([1 / 3])
    assert blur.blur_without_control(told, 23, 0) in (0, 1)  # all blurred faces here are alike
    ensemble = false_alarms.ensemble(told, SWAP, [0])
    crops = {32: np.zeros((4, 32, 32, 3), np.uint8)}
    assert false_alarms.called_real(ensemble, crops) == float(mesonet.score(network, crops[32])[0] > 0.5)


# -- bench, blur, looking -----------------------------------------------------------------------------


def test_scenes_are_counted_and_changes_averaged():
    table = bench.bench_table(ToyBench(), 23)
    assert table.loc["a"].tolist() == ["b", 1, 1, 3]
    assert table.loc["c"].tolist() == ["d", 0, 1, 3]
    changes = bench.change_maps(ToyBench(), ["passthrough", "swap"], [23])
    assert changes["passthrough", 23].max() == 0
    assert (changes["swap", 23] == 10).all()


def test_faces_without_detail_do_not_tell_real_from_forged():
    table, areas = blur.detail(ToyBench(), 23, rng())
    assert table.index.tolist() == list(KINDS)
    assert areas["detail_auc.swap"].values == [0.5]
    assert table["ratio"].tolist() == [1] * 5


def test_maps_and_zones_of_faces_that_are_all_grey(told):
    maps, gains = blur.activation_maps(told, 23, [0])
    assert maps.real.shape == maps.forged.shape == (16, 4, 4)
    assert {name: len(values) for name, values in gains.items()} == {
        "background_gain": 1, "background_gain_plain": 1
    }  # fmt: skip
    # Painting a zone of a grey face in its mean colour changes nothing.
    assert blur.zone_losses(told, 23, [0]).abs().max().max() == pytest.approx(0, abs=1e-7)


def test_mean_maps_are_the_mean_of_the_maps():
    network = mesonet.Meso4(32).eval()
    crops = rng().integers(0, 255, (3, 32, 32, 3), dtype=np.uint8)
    with torch.inference_mode():
        expected = network.convolve(mesonet.method.to_tensor(crops)).mean(0).numpy()
    assert looking.mean_maps(network, crops, batch_size=2) == pytest.approx(expected, abs=1e-5)
    with pytest.raises(ValueError, match="no face to average"):
        looking.mean_maps(network, crops[:0])


def test_the_logit_is_the_output_weights_on_the_hidden_units():
    network = mesonet.Meso4(32).eval()
    assert isinstance(network, mesonet.method.FaceNetwork)
    x = torch.rand(2, 3, 32, 32)
    hidden = torch.nn.functional.leaky_relu(network.hidden(x), 0.1)
    expected = hidden @ network.output_weights + network.head[-1].bias
    torch.testing.assert_close(network.logits(x), expected)


def test_ideal_inputs_of_the_released_network(real):
    real("mesonet_released")
    found = blur.ideals(1, 0)
    assert found.pictures.shape == (16, 256, 256, 3)
    assert found.ratios.shape == found.weights.shape == (16,)


# -- the world ----------------------------------------------------------------------------------------


def test_a_swap_network_is_trained_on_faces_of_its_size():
    black = np.zeros((2, 64, 64, 3), np.uint8)
    settings = autoencoder.SwapTraining(steps=2, batch_size=2)
    network, losses = autoencoder.train_drawing([black, black], settings=settings, seed=0)
    assert len(losses) == 2
    # A sigmoid of nearly zero draws grey: one half away from black.
    error = autoencoder.drawing_error(autoencoder.SwapNetwork(), torch.zeros(2, 3, 64, 64), 0, settings, None)
    assert error.item() == pytest.approx(0.5, abs=0.1)
    assert not network.training


def test_a_patch_is_pasted_where_it_was_cut():
    picture = np.full((80, 80, 3), 90, np.uint8)
    where = Placement(40.0, 40.0, 40.0, 0.0)
    patches = editing.face_patches(picture[np.newaxis], [where])
    assert patches.shape == (1, 64, 64, 3)
    assert (patches == 90).all()
    assert (editing.paste(picture, patches[0], where, editing.FACE_ELLIPSE) == 90).all()


def test_an_even_mouth_has_no_opening_and_a_scene_knows_where_its_face_is():
    points = np.tile(np.array([[20, 25], [44, 25], [32, 36], [24, 48], [40, 48]], float), (2, 1, 1))
    scene = cast.Scene("x", 0, "train", np.full((2, 64, 64, 3), 90, np.uint8), points)
    assert mouth_opening(scene) == 0
    # By hand: eyes 24 apart, mouth 23 below them: floor(2.2 * 24).
    assert [place.size for place in scene.placements] == [52, 52]


def test_features_are_of_the_inner_face_alone():
    crops = rng().integers(0, 255, (2, 64, 64, 3), dtype=np.uint8)
    rim = crops.copy()
    rim[:, :4] = 0
    found = quality.features(crops)
    assert found.shape == (2, 1764)
    assert (found == quality.features(rim)).all()


def test_the_cast_is_the_whole_one_where_all_videos_are_here(monkeypatch):
    monkeypatch.setattr(registry, "available", lambda entry: True)
    assert cast.present_cast() is cast.WHOLE_CAST
    monkeypatch.setattr(registry, "available", lambda entry: False)
    monkeypatch.setattr(registry, "open", lambda entry: None)
    assert cast.present_cast() is cast.SMALL_CAST


# -- what is read -------------------------------------------------------------------------------------


def test_the_folder_of_the_papers_faces_is_checked_before_any_work(tmp_path):
    with pytest.raises(ValueError, match="faces_folder is '/no/such', which is no folder"):
        folders.require_faces("/no/such")
    (tmp_path / "train").mkdir()
    with pytest.raises(ValueError, match="train has no folder df"):
        folders.require_faces(tmp_path)


def test_a_kind_of_network_that_is_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is no folder"):
        own_data.train_on_folder("meso4", tmp_path / "x", mesonet.PAPER, 0, own_data.Reading(size=32))


def test_no_square_no_face_and_no_picture_no_search():
    assert landmarks.look_again(np.zeros((9, 9, 3), np.uint8), np.zeros((0, 3))) == []
    with pytest.raises(ValueError, match="picture has shape"):
        landmarks.require_picture(np.zeros((9, 9)))
    landmarks.require_picture(np.zeros((9, 9, 3), np.uint8))
    assert faces.face_clips([], 32) == []


def test_a_contact_sheet_has_a_row_a_face(tmp_path):
    pixels = np.zeros((3, 256, 256, 3), np.uint8)
    face = trial.Scored(pixels, np.arange(3), {})
    target = trial.contact_sheet([face, face], tmp_path / "sheets" / "x.png")
    assert mesonet.read_picture(target).shape == (2 * 132, 8 * 128, 3)
    (tmp_path / "wall.png").write_bytes(target.read_bytes()[:50])
    with pytest.raises(ValueError, match=r"wall\.png"):
        trial.scored(tmp_path / "wall.png")


def test_false_alarms_are_shares_of_unforged_faces(real, told):
    for entry in ("mtcnn_landmarks", "carphone", "mesonet_released"):
        real(entry)
    table = false_alarms.false_alarms(2, {"ours": false_alarms.ensemble(told, SWAP, [0])})
    assert table.columns[-1] == "ours"
    assert ((table >= 0) & (table <= 1)).all(axis=None)


# -- the authors' validation faces, by hand -------------------------------------------------------------


def test_videos_are_called_by_their_mean_and_by_their_share():
    table = pd.DataFrame({
        "clip": ["x", "x", "x", "y"], "is_real": [True, True, True, False],
        "meso4": [0.6, 0.6, 0.1, 0.2], "mesoinception": [0.9, 0.9, 0.9, 0.9],
    })  # fmt: skip
    found = validation.videos_right(table, "meso4")
    assert found["mean"].tolist() == [0, 1]
    assert found["share"].tolist() == [1, 1]
    assert found["frames"].tolist() == pytest.approx([2 / 3, 1])
    over = validation.over_validation_videos(table, rng)
    assert over["accuracy.validation.meso4"].values == [0.75]
    assert over["gain_of_inception.validation"].values == [0]


# -- figures ------------------------------------------------------------------------------------------


def test_what_is_drawn_is_what_was_given():
    axes = Figure().subplots(1, 4)
    points = {"0": (0.9, 0.8, 1.0), "40": (0.6, 0.5, 0.7)}
    figures.plot_by_compression(points, "seen", axes[0], told={"40": 0.8})
    assert axes[0].lines[0].get_ydata().tolist() == [0.9, 0.6]
    assert [*axes[0].lines[-2].get_xdata(), *axes[0].lines[-2].get_ydata()] == [1, 0.8]
    figures.plot_aggregation(pd.DataFrame({"frames": [1, 3], "accuracy": [0.7, 0.9]}), (1, 0.8), axes[1])
    assert [line.get_ydata()[0] for line in axes[1].lines] == [0.7, 0.8]
    figures.plot_frames_and_clips(pd.DataFrame({"frames": [0.5], "clips": [1.0]}, index=["x"]), axes[2])
    assert [line.get_xdata()[0] for line in axes[2].lines] == [0.5, 1.0]
    figures.plot_kernels(np.full((1, 3, 2, 2), -1.0), [axes[3]])
    assert (axes[3].images[0].get_array() == 0).all()
