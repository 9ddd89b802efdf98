"""The forgery bench: what an edit may touch, what the split keeps apart, what is kept between runs."""

from __future__ import annotations

import numpy as np
import pytest

from soundreasons.learning.cache import Cache
from soundreasons.media import video
from soundreasons.papers import mesonet
from soundreasons.papers.mesonet.experiments import looking
from soundreasons.papers.mesonet.method.alignment import Placement
from soundreasons.papers.mesonet.testbed import editing, people, quality
from soundreasons.papers.mesonet.testbed.bench import KINDS, donor_of

WHERE = Placement(60.0, 60.0, 60.0, 10.0)


@pytest.fixture
def frames():
    return np.random.default_rng(0).integers(60, 200, (3, 120, 120, 3), dtype=np.uint8)


def outside(frames, changed):
    """Largest change further from the face's centre than its size."""
    rows, columns = np.mgrid[: frames.shape[1], : frames.shape[2]]
    far = np.hypot(rows - WHERE.y, columns - WHERE.x) > 0.6 * WHERE.size
    return np.abs(changed.astype(int) - frames)[:, far].max()


@pytest.mark.parametrize("name", ["passthrough", "swap", "transplant", "blur"])
def test_no_edit_touches_what_lies_outside_the_face(frames, name):
    where = [WHERE] * 3
    edits = {
        "passthrough": lambda: editing.exchange(frames, where, lambda patches: patches),
        "swap": lambda: editing.exchange(frames, where, lambda patches: 255 - patches),
        "transplant": lambda: editing.transplant(frames, where, frames[::-1], where),
        "blur": lambda: editing.blurred(frames, where),
    }
    changed = edits[name]()
    assert changed.shape == frames.shape
    assert outside(frames, changed) == 0
    assert (changed != frames).any()


def test_a_smooth_face_passes_through_nearly_unchanged():
    # A slope has nothing that 64 pixels cannot hold: what is pasted back is what was cut out.
    slope = np.broadcast_to(np.linspace(40, 220, 120).astype(np.uint8)[:, None], (1, 120, 120, 3))
    slope = np.ascontiguousarray(slope)
    back = editing.exchange(slope, [WHERE], lambda patches: patches)
    assert np.abs(back.astype(int) - slope).max() <= 3


def test_colours_are_matched_inside_the_mask():
    rng = np.random.default_rng(0)
    patch, target = (rng.integers(*span, (64, 64, 3), dtype=np.uint8) for span in ((0, 80), (100, 220)))
    mask = editing.ellipse(64, editing.FACE_ELLIPSE)
    found = editing.match_colours(patch, target, mask)
    weights = (mask / mask.sum())[..., None]
    for statistic in (lambda x: (weights * x).sum((0, 1)),):
        assert statistic(found) == pytest.approx(statistic(target.astype(float)), abs=0.01)


def test_a_mask_is_feathered_and_inside_its_square():
    mask = editing.ellipse(96, editing.FACE_ELLIPSE)
    assert ((mask >= 0) & (mask <= 1)).all()
    assert max(mask[:, 0].max(), mask[0].max()) < 1e-3
    assert ((mask > 0.05) & (mask < 0.95)).sum() > 100


@pytest.mark.parametrize("n", [2, 3, 5, 8, 24])
def test_training_comes_before_testing_with_a_gap_between(n):
    parts = [people.part_of(place, n) for place in range(n)]
    trained = [k for k, part in enumerate(parts) if part == "train"]
    tested = [k for k, part in enumerate(parts) if part == "test"]
    assert trained
    assert tested
    assert max(trained) < min(tested)
    if n >= 8:
        assert "" in parts


def test_a_cast_names_pairs_once_and_keeps_seen_and_unseen_apart():
    for cast in (people.WHOLE_CAST, people.SMALL_CAST):
        assert len(cast.pairs) == len(set(cast.pairs))
        assert set(cast.swaps) == set(cast.people)
        assert not set(cast.seen) & set(cast.unseen)
    for person in people.WHOLE_CAST.unseen:  # nor does an unseen face appear in training clips
        assert person not in [people.WHOLE_CAST.swaps[p] for p in people.WHOLE_CAST.seen]


def test_an_unknown_person_is_refused():
    with pytest.raises(ValueError, match="nobody is called 'elvis'"):
        people.scenes("elvis", n_frames=8, most=2)


def test_a_donor_is_of_the_same_part():
    frames = np.zeros((2, 64, 64, 3), np.uint8)
    points = np.tile(np.array([[20, 25], [44, 25], [32, 36], [24, 48], [40, 48]], float), (2, 1, 1))
    scenes = [people.Scene("x", n, part, frames, points) for n, part in enumerate(("train", "train", "test"))]
    assert donor_of(scenes[0], scenes).number == 1
    alone = donor_of(scenes[2], scenes)
    assert (alone.number, alone.part) == (2, "test")


@pytest.fixture(scope="module")
def small_bench(tmp_path_factory):
    """Three people, two short scenes each, an autoencoder of three steps."""
    from soundreasons import data

    for name in ("mtcnn_landmarks", "talking_faces_pexels", "carphone"):
        if not data.available(name):
            pytest.skip(f"not checkable here: no source on this machine supplies {name}")
    folder = tmp_path_factory.mktemp("bench")
    settings = mesonet.testbed.BenchSettings(
        n_frames=8, scenes=3, quantisations=(23, 40), training=mesonet.testbed.SwapTraining(steps=3)
    )

    def make():
        cache = Cache(folder, modules=["soundreasons.papers.mesonet.testbed.bench"])
        return mesonet.testbed.Bench(people.SMALL_CAST, settings, side=64, cache=cache)

    return make


def test_a_second_bench_makes_nothing_and_gives_the_same(small_bench):
    first, second = small_bench(), small_bench()
    clips, again = first.clips("swap", 23), second.clips("swap", 23)
    assert second.cache.computed == []
    assert first.digest() == second.digest()
    assert all((a.crops == b.crops).all() for a, b in zip(clips, again, strict=True))


def test_kinds_and_levels_of_a_scene_differ_in_pixels_only(small_bench):
    bench = small_bench()
    names = [clip.scene for clip in bench.clips("real", 23)]
    for kind in KINDS:
        for level in (23, 40):
            clips = bench.clips(kind, level)
            assert [clip.scene for clip in clips] == names
            assert {clip.is_forged for clip in clips} == {kind in ("swap", "transplant", "blur")}
            assert {int(clip.is_key.sum()) for clip in clips} == {1}
    real, swap = (bench.clips(kind, 23)[0].crops.astype(int) for kind in ("real", "swap"))
    inside = editing.face_mask(64)
    change = np.abs(real - swap).mean(axis=(0, 3))
    assert change[inside].mean() > 3 * change[~inside].mean()


def test_nobody_unseen_is_trained_on_and_no_test_scene_either(small_bench):
    bench = small_bench()
    trained = {clip.scene for clip in bench.train("real", 23)}
    seen = {clip.scene for clip in bench.test("real", 23, seen=True)}
    unseen = {clip.scene for clip in bench.test("real", 23, seen=False)}
    assert trained
    assert seen
    assert not trained & seen
    assert {name.partition("-")[0] for name in unseen} == {"carphone"}


def test_a_kind_or_level_that_was_not_made_is_refused(small_bench):
    for kind, level in (("robot", 23), ("swap", 7)):
        with pytest.raises(ValueError, match="no clips of kind"):
            small_bench().clips(kind, level)


def test_quality_is_one_for_untouched_faces(small_bench):
    crops = small_bench().clips("real", 23)[0].crops
    assert quality.seam(crops, crops) == 1
    table = quality.identity_transfer(small_bench(), 23)
    assert ((table[["knows", "taken_for_shown"]] >= 0) & (table[["knows", "taken_for_shown"]] <= 1)).all(
        axis=None
    )


# -- looking ---------------------------------------------------------------------------------------------


def test_a_blurred_face_has_less_detail_beside_its_surroundings():
    import cv2

    rng = np.random.default_rng(0)
    sharp = rng.integers(0, 255, (4, 96, 96, 3), dtype=np.uint8)
    inside = editing.face_mask(96)
    soft = sharp.copy()
    for picture in soft:
        picture[inside] = cv2.GaussianBlur(picture, (0, 0), 2)[inside]
    # Noise is equally sharp everywhere.
    assert looking.detail_ratio(sharp) == pytest.approx(1, abs=0.15)
    assert (looking.detail_ratio(soft) < 0.3).all()


def test_the_zones_lie_apart_and_the_background_outside_the_face():
    masks = {zone: looking.zone_mask(zone, 96) for zone in ("eyes", "nose", "mouth")}
    assert max(sum(mask.astype(int) for mask in masks.values()).ravel()) == 1
    assert not (looking.zone_mask("background", 96) & editing.face_mask(96)).any()
    with pytest.raises(ValueError, match="zone is 'ear'"):
        looking.zone_mask("ear", 96)


def test_a_peak_outside_the_face_is_told_from_one_inside():
    maps = np.zeros((2, 16, 16))
    maps[0, 8, 8], maps[0, 0, 0] = 4, 1
    maps[1, 8, 8], maps[1, 0, 0] = 1, 4
    assert looking.background_share(maps).tolist() == [0.25, 4.0]


@pytest.mark.parametrize("kind", [mesonet.Meso4, mesonet.MesoInception4])
def test_an_ideal_input_excites_its_unit_more_than_the_start(kind):
    import torch

    torch.manual_seed(0)
    network = kind(32).eval()
    few, many = (looking.ideal_inputs(network, steps=steps, penalty=0, seed=0) for steps in (1, 25))
    excited = [
        network.hidden(torch.from_numpy(x).permute(0, 3, 1, 2).float()).diagonal().detach()
        for x in (few, many)
    ]
    assert (excited[1] > excited[0]).all()
    assert many.min() >= 0
    assert many.max() <= 1


def test_hiding_nothing_is_the_score_itself_and_hiding_leaves_the_rest():
    crops = np.random.default_rng(0).integers(0, 255, (3, 32, 32, 3), dtype=np.uint8)
    before = crops.copy()
    network = mesonet.Meso4(32).eval()
    found = looking.hidden_zones(network, crops)
    assert (found["nothing"] == mesonet.score(network, crops)).all()
    assert set(found) == {"nothing", "eyes", "nose", "mouth", "background"}
    assert (crops == before).all()


def test_a_clip_of_the_bench_is_a_video_that_can_be_read(small_bench):
    bench = small_bench()
    bench.clips("blur", 40)
    content = bench._kept("carphone")["0-blur-40"].tobytes()
    assert video.decode(content).pixels.shape[0] == 8
