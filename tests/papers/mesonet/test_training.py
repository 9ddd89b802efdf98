"""Training, scoring and evaluating: what is known by hand, and what must not depend on chance."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.learning.loop import Step
from soundreasons.learning.strays import RefuseStrays, StrayTensorError
from soundreasons.papers import mesonet
from soundreasons.papers.mesonet import method
from soundreasons.papers.mesonet.experiments import detection, frames, validation
from soundreasons.papers.mesonet.testbed.autoencoder import (
    SwapNetwork,
    SwapTraining,
    decode_as,
    drawing_error,
    train_drawing,
)
from soundreasons.papers.mesonet.testbed.bench import Clip


@pytest.fixture(scope="module")
def easy():
    """Bright faces are real, dark ones forged."""
    rng = np.random.default_rng(0)
    bright, dark = (rng.integers(*span, (40, 32, 32, 3), dtype=np.uint8) for span in ((150, 255), (0, 100)))
    return [(bright, True), (dark, False)]


def step_of(network, settings):
    """One step of the paper's recipe, as the loop takes it."""
    told = method.recipe(network, settings)
    return Step(told.loss_of, told.optimiser, told.loop, schedule=told.schedule)


@pytest.mark.parametrize("kind", ["meso4", "mesoinception4"])
def test_an_easy_difference_is_learned_and_kept_in_evaluation(easy, kind):
    settings = mesonet.Training(steps=60, batch_size=16, augment=False)
    network = mesonet.train_detector(kind, easy, settings=settings, seed=0)
    assert not network.training
    for faces, is_real in easy:
        assert ((mesonet.score(network, faces) > 0.5) == is_real).mean() > 0.95


def test_same_seed_same_detector_and_another_seed_another(easy):
    settings = mesonet.Training(steps=3, batch_size=8)
    one, same, other = (mesonet.train_detector("meso4", easy, settings=settings, seed=s) for s in (1, 1, 2))
    faces = easy[0][0][:4]
    assert (mesonet.score(one, faces) == mesonet.score(same, faces)).all()
    assert (mesonet.score(one, faces) != mesonet.score(other, faces)).any()


def test_settled_norms_are_plain_means_over_the_batches():
    # A slow twin: numpy's mean and variance of the first activation over all faces of equal batches.
    network = mesonet.Meso4(32)
    batches = [torch.rand(6, 3, 32, 32) + k for k in range(3)]
    method.settle_norms(network, batches)
    first = network.blocks[0]
    with torch.no_grad():
        active = [first[1](first[0](batch)) for batch in batches]
    means = torch.stack([a.mean((0, 2, 3)) for a in active]).mean(0)
    torch.testing.assert_close(first[2].running_mean, means)
    assert first[2].momentum == 0.01


def test_half_of_a_batch_is_forged_and_real_groups_take_turns():
    groups = [(np.full((5, 4, 4, 3), v, np.uint8), real) for v, real in ((10, True), (20, True), (30, False))]
    batches = method.balanced_batches(groups, 40, np.random.default_rng(0), "cpu")
    faces, is_real = next(batches)
    values = (255 * faces[:, 0, 0, 0]).round()
    assert is_real.sum() == 20
    assert (values[is_real == 0] == 30).all()
    assert set(values[is_real == 1].tolist()) == {10, 20}


@pytest.mark.parametrize("missing", [True, False])
def test_a_label_without_faces_is_refused(missing):
    groups = [(np.zeros((5, 4, 4, 3), np.uint8), missing)]
    with pytest.raises(ValueError, match=f"no {'forged' if missing else 'real'} face"):
        next(method.balanced_batches(groups, 4, np.random.default_rng(0), "cpu"))


@pytest.mark.parametrize("kind", ["meso4", "mesoinception4"])
def test_half_precision_runs_and_learns_on_a_processor(easy, kind):
    # A GPU takes float16 and a scaled loss; the same lines run here in bfloat16.
    settings = mesonet.Training(steps=60, batch_size=16, augment=False, mixed_precision=True)
    network = mesonet.NETWORKS[kind](32)
    step = step_of(network, settings)
    kinds = []
    hook = network.blocks[0].register_forward_hook(lambda *outputs: kinds.append(outputs[2].dtype))
    step((torch.rand(4, 3, 32, 32), torch.ones(4)))
    hook.remove()
    assert kinds == [torch.bfloat16]
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    network = mesonet.train_detector(kind, easy, settings=settings, seed=0)
    for faces, is_real in easy:
        assert ((mesonet.score(network, faces) > 0.5) == is_real).mean() > 0.95


def test_data_that_ends_early_is_an_error():
    batches = iter([(torch.rand(4, 3, 32, 32), torch.ones(4))])
    with pytest.raises(ValueError, match="ended after 1 of 5 steps"):
        method.fit(mesonet.Meso4(32), batches, mesonet.Training(steps=5))


def test_augmentation_keeps_shape_range_and_the_faces_themselves():
    faces = torch.rand(8, 3, 32, 32)
    before = faces.clone()
    moved = method.augment(faces, torch.Generator().manual_seed(0))
    assert moved.shape == faces.shape
    assert moved.min() >= 0
    assert moved.max() <= 1
    assert torch.equal(faces, before)
    assert not torch.allclose(moved, faces)


def test_augmentation_shifts_no_channel_beyond_the_published_values():
    # A grey face of one half: brightness 0.8 to 1.2, then 30/255 either way.
    found = method.augment(torch.full((500, 3, 8, 8), 0.5), torch.Generator().manual_seed(0))
    low, high = 0.5 * 0.8 - 30 / 255, 0.5 * 1.2 + 30 / 255
    assert low - 1e-5 <= found.min() < low + 0.03
    assert high - 0.03 < found.max() <= high + 1e-5


def test_augmentation_turns_zooms_and_mirrors_by_the_published_values():
    # Red grows to the right, green downwards; where both are linear, what is read off a moved face tells the
    # map: two columns at right angles and of one length, 15 degrees either way, mirrored half of the time.
    # Zoom and brightness, both 0.8 to 1.2, change the slope together.
    across = torch.tensor([-0.75, -0.25, 0.25, 0.75]).expand(4, 4)
    face = 0.5 + 0.1 * torch.stack([across, across.T, torch.zeros(4, 4)])
    moved = method.augment(face.expand(2000, 3, 4, 4), torch.Generator().manual_seed(0)).double()
    right = (moved[:, :2, 1, 2] - moved[:, :2, 1, 1]) / 0.05
    down = (moved[:, :2, 2, 1] - moved[:, :2, 1, 1]) / 0.05
    assert (right * down).sum(1).abs().max() < 1e-5
    slope = down.norm(dim=1)
    torch.testing.assert_close(right.norm(dim=1), slope, rtol=1e-5, atol=1e-5)
    assert 0.64 - 1e-5 <= slope.min() < 0.70
    assert 1.36 < slope.max() <= 1.44 + 1e-5
    angle = torch.rad2deg(torch.atan2(-down[:, 0], down[:, 1]))
    assert -15 - 1e-3 <= angle.min() < -14.8
    assert 14.8 < angle.max() <= 15 + 1e-3
    mirrored = (right[:, 0] * down[:, 1] - right[:, 1] * down[:, 0]) < 0
    assert 0.45 < mirrored.double().mean() < 0.55  # five standard errors around a half


@pytest.mark.parametrize("kind", ["meso4", "mesoinception4"])
def test_a_trainers_step_stays_on_one_device(kind):
    network = mesonet.NETWORKS[kind](32).to("meta")
    step = step_of(network, mesonet.Training())
    faces, labels = torch.empty(4, 3, 32, 32, device="meta"), torch.empty(4, device="meta")
    with RefuseStrays():
        step((method.augment(faces, None), labels))
        method.settle_norms(network, [faces])
    with pytest.raises(StrayTensorError), RefuseStrays():
        step((faces, torch.ones(4)))


def test_a_swaps_training_step_stays_on_one_device():
    faces = (torch.empty(6, 3, 64, 64, device="meta"), torch.empty(5, 3, 64, 64, device="meta"))
    network = SwapNetwork().to("meta")
    with RefuseStrays():
        for person in range(2):
            drawing_error(network, faces[person], person, SwapTraining(batch_size=3), None).backward()


@pytest.mark.long
def test_a_swap_network_learns_two_people_and_keeps_them_apart():
    # Person 0 is a red disc, person 1 a blue one, at random places; decoded by the other's decoder they
    # change colour.
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:64, :64]
    faces = np.zeros((2, 24, 64, 64, 3), dtype=np.uint8)
    for person in range(2):
        for face in faces[person]:
            x, y = rng.uniform(24, 40, 2)
            face[(columns - x) ** 2 + (rows - y) ** 2 < 200, 2 * person] = 220
    settings = SwapTraining(steps=60, batch_size=8)
    network, losses = train_drawing(list(faces), settings=settings, seed=0)
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) / 2
    swapped = decode_as(network, faces[0], 1).astype(float).mean(axis=(0, 1, 2))
    assert swapped[2] > 2 * swapped[0]


def test_a_face_of_another_size_is_refused_by_the_swap():
    faces = [np.zeros((2, side, side, 3), np.uint8) for side in (32, 64)]
    with pytest.raises(ValueError, match=r"expected \(n, 64, 64, 3\)"):
        train_drawing(faces, settings=SwapTraining(), seed=0)


@pytest.mark.parametrize("n", [0, 1, 5, 70])
def test_scores_do_not_depend_on_the_batch(n):
    network = mesonet.Meso4(32).eval()
    crops = np.random.default_rng(0).integers(0, 255, (n, 32, 32, 3), dtype=np.uint8)
    assert mesonet.score(network, crops, batch_size=3) == pytest.approx(
        mesonet.score(network, crops, batch_size=64), abs=1e-6
    )


def test_bytes_become_shares():
    assert method.to_tensor(np.array([[[[0, 51, 255]]]], dtype=np.uint8)).flatten().tolist() == pytest.approx(
        [0, 0.2, 1]
    )


# -- evaluation ------------------------------------------------------------------------------------


def test_frames_and_clips_called_right_by_hand():
    scores = np.array([[[0.9, 0.8, 0.1, 0.9], [0.4, 0.4, 0.4, 0.9]]])
    assert detection.frames_right(scores, "real").tolist() == [[0.75, 0.25]]
    assert detection.frames_right(scores, "passthrough").tolist() == [[0.75, 0.25]]
    assert detection.frames_right(scores, "swap").tolist() == [[0.25, 0.75]]
    # The second scene's mean is 0.525, but only a quarter of its frames are above one half.
    assert detection.clips_right(scores, "real").tolist() == [[1, 1]]
    assert detection.clips_right(scores, "real", share=True).tolist() == [[1, 0]]


@given(st.integers(0, 10_000))
def test_a_subset_of_all_frames_is_all_frames_and_of_one_is_the_frames(seed):
    rng = np.random.default_rng(seed)
    scores = rng.random((2, 3, 6))
    assert (frames.subset_right(scores, "swap", 6, rng) == detection.clips_right(scores, "swap")).all()
    one = frames.subset_right(scores, "swap", 1, rng, n_draws=4000)
    assert one == pytest.approx(
        detection.frames_right(scores, "swap"), abs=0.05
    )  # 4000 draws: 6 standard errors


def test_key_frames_alone_decide():
    clip = Clip(
        "x", "x-00", "test", True, "real", 23, np.zeros((3, 2, 2, 3), np.uint8), np.array([1, 0, 0], bool)
    )
    scores = np.array([[[0.9, 0.1, 0.1]]])
    assert frames.key_frames_right(scores, "real", [clip]).item() == 1
    assert detection.clips_right(scores, "real").item() == 0


def test_an_interval_widens_with_what_varies_and_holds_the_mean():
    rng = np.random.default_rng(0)
    matrix = rng.random((3, 20))
    values, (low, high) = detection.estimate(matrix, np.random.default_rng(1))
    assert values == pytest.approx(matrix.mean(axis=1))
    assert low < matrix.mean() < high
    shifted = matrix + np.array([[-0.3], [0.0], [0.3]])
    _, (wider_low, wider_high) = detection.estimate(shifted, np.random.default_rng(1))
    assert wider_high - wider_low > 1.5 * (high - low)


@pytest.mark.parametrize("wrong", [np.ones(3), np.ones((3, 1)), np.full((2, 2), np.nan)])
def test_an_estimate_of_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match="expected \\(n_rows, n_columns\\)"):
        detection.estimate(wrong, np.random.default_rng(0))


def test_auc_counts_pairs():
    # By hand: of four pairs, the real one is above in three.
    assert detection.auc(np.array([0.8, 0.3]), np.array([0.5, 0.1])) == 0.75


# -- the authors' validation faces -------------------------------------------------------------------


@pytest.fixture(scope="module")
def table():
    return validation.validation_scores()


def test_the_validation_scores_give_the_known_summary(table):
    # Computed once by another program when the table was made.
    found = validation.summary(table)
    assert found["total"].round(3).tolist() == [0.876, 0.886]
    assert found["auc"].round(3).tolist() == [0.969, 0.977]
    assert found["videos"].round(3).tolist() == [0.962, 0.977]
    assert table["clip"].nunique() == 130


@pytest.mark.parametrize("network", ["meso4", "mesoinception"])
def test_intervals_over_videos_hold_their_values(table, network):
    for found in (
        validation.frame_accuracy(table, network, np.random.default_rng(0)),
        validation.gain_of_videos(table, network, np.random.default_rng(0)),
        validation.gain_of_inception(table, np.random.default_rng(0)),
    ):
        assert found.interval[0] < found.values[0] < found.interval[1]


def test_a_calibrated_score_has_no_error_and_a_sure_wrong_one_all():
    scores = np.repeat([0.25, 0.75], 100)
    real = np.r_[np.arange(100) < 25, np.arange(100) < 75]
    assert validation.calibration_error(scores, real) == pytest.approx(0, abs=1e-12)
    assert validation.calibration_error(np.ones(4), np.zeros(4, bool)) == 1
