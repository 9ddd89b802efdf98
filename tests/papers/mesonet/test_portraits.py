"""Scenes made of photographs: who swaps with whom, what a drift may change, what the split keeps apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from soundreasons.learning.cache import Cache
from soundreasons.learning.strays import RefuseStrays
from soundreasons.papers import mesonet
from soundreasons.papers.mesonet.experiments import detection, false_alarms, people
from soundreasons.papers.mesonet.testbed import portraits
from soundreasons.papers.mesonet.testbed.autoencoder import SwapNetwork, SwapTraining, drawing_error
from soundreasons.papers.mesonet.testbed.bench import Clip

POINTS = np.array([[30, 50], [60, 50], [45, 66], [33, 82], [57, 82]], dtype=float)


@pytest.mark.parametrize("n_people", [6, 13, 40])
def test_everybody_wears_the_face_of_one_of_their_own_group(n_people):
    cast = portraits.crowd(n_people)
    assert len(cast.people) == n_people
    assert not set(cast.seen) & set(cast.unseen)
    for group in (cast.seen, cast.unseen):
        shown = [cast.swaps[person] for person in group]
        assert sorted(shown) == group  # each face is worn once
        assert all(person != face for person, face in zip(group, shown, strict=True))


@pytest.mark.parametrize("n_people", [0, 5, 41])
def test_a_crowd_that_the_photographs_do_not_show_is_refused(n_people):
    with pytest.raises(ValueError, match=f"n_people is {n_people}, expected 6 to 40"):
        portraits.crowd(n_people)


def test_points_drift_with_the_picture():
    # A bright dot on each point must be found at the moved point.
    photo = np.full((112, 92), 60, dtype=np.uint8)
    for x, y in POINTS.astype(int):
        photo[y - 2 : y + 3, x - 2 : x + 3] = 250
    frames, moved = portraits.drift(photo, POINTS, 8, np.random.default_rng(0))
    assert frames.shape == (8, 112, 92, 3)
    assert (frames[..., 0] == frames[..., 2]).all()
    assert np.abs(moved - POINTS).max() > 1
    for pixels, points in zip(frames, moved, strict=True):
        for x, y in points.round().astype(int):
            assert pixels[y, x, 0] > 180


def test_scenes_of_a_person_are_averaged_before_people_are_resampled():
    # By hand: two scenes of one person, one of another.
    def clip(person):
        empty = np.zeros((1, 2, 2, 3), np.uint8)
        return Clip(person, f"{person}-00", "test", False, "real", 23, empty, np.ones(1, bool))

    clips = [clip("s02"), clip("s01"), clip("s02")]
    assert people.over_people(np.array([[0.0, 0.6, 1.0]]), clips).tolist() == [[0.6, 0.5]]


def test_a_step_of_the_crowd_stays_on_one_device():
    network = SwapNetwork().to("meta")
    faces = torch.empty(5, 3, 64, 64, device="meta")
    with RefuseStrays():
        loss = drawing_error(network, faces, 0, SwapTraining(batch_size=3), None)
        loss.backward()
    assert loss.device.type == "meta"


def test_a_swap_takes_one_persons_mean_out_and_puts_anothers_in():
    # People of one picture each: its code is the mean, so a swap draws what the other draws of itself.
    faces = list(np.random.default_rng(0).integers(0, 255, (3, 1, 64, 64, 3), dtype=np.uint8))
    swapper = portraits.CrowdSwap(faces, SwapTraining(steps=2, batch_size=4), 0)
    for person in range(3):
        shown = (person + 1) % 3
        swapped, itself = (swapper.exchange(faces[k], k, shown) for k in (person, shown))
        assert np.abs(swapped.astype(int) - itself).max() <= 1  # rounding
        assert (swapped != swapper.exchange(faces[person], person, person)).any()


@pytest.fixture(scope="module")
def small_crowd(tmp_path_factory):
    """Six people, scenes of three frames, a generator of two steps."""
    from soundreasons import data

    for name in ("mtcnn_landmarks", "orl_faces"):
        if not data.available(name):
            pytest.skip(f"not checkable here: no source on this machine supplies {name}")
    folder = tmp_path_factory.mktemp("portraits")
    settings = portraits.PortraitSettings(6, 3, 23, SwapTraining(steps=2))

    def make():
        cache = Cache(folder, modules=["soundreasons.papers.mesonet.testbed.portraits"])
        return portraits.PortraitBench(settings, side=64, cache=cache)

    return make


def test_no_person_and_no_photograph_is_on_two_sides(small_crowd):
    bench = small_crowd()
    trained = bench.train("real", 23)
    seen, unseen = (bench.test("real", 23, seen=who) for who in (True, False))
    assert {clip.person for clip in trained} == {clip.person for clip in seen} == {"s01", "s02", "s03", "s04"}
    assert {clip.person for clip in unseen} == {"s05", "s06"}
    assert not {clip.scene for clip in trained} & {clip.scene for clip in seen}
    assert len(seen) == 4
    assert all(clip.crops.shape == (3, 64, 64, 3) for clip in [*trained, *seen, *unseen])


def test_a_second_crowd_is_answered_from_the_cache(small_crowd):
    first, second = small_crowd(), small_crowd()
    clips, again = first.clips("swap", 23), second.clips("swap", 23)
    assert second.cache.computed == []
    assert all((a.crops == b.crops).all() for a, b in zip(clips, again, strict=True))
    for kind, level in (("blur", 23), ("swap", 40)):
        with pytest.raises(ValueError, match="no portraits of kind"):
            first.clips(kind, level)


def test_detectors_train_and_tests_on_portraits(small_crowd):
    bench = small_crowd()
    detectors = detection.Detectors(bench, {"swap": mesonet.Training(steps=2, batch_size=4)})
    found = detection.accuracies(detectors, [detection.Task("meso4", "swap", 23)], {"swap": [0]})
    parts = found["meso4", "swap", 23, "unseen"]
    assert parts["total"].shape == (1, len(bench.test("real", 23, seen=False)))
    transfer = portraits.portrait_transfer(bench)
    assert transfer["people"] == 6
    assert 0 <= transfer["taken_for_own"] + transfer["taken_for_shown"] <= 1
    own = {"ours": false_alarms.ensemble(detectors, detection.Task("meso4", "swap", 23), [0], slice(4, None))}
    assert 0 <= false_alarms.portraits_called_real(1, own)["ours"] <= 1
