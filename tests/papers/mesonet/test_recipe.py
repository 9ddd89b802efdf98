"""The training's recipe and its edges, each in the blink of an eye; whole trainings are in test_training."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from soundreasons.papers.mesonet import method
from soundreasons.papers.mesonet.method import alignment, training, voting


def test_the_papers_recipe_divides_the_rate_by_ten_every_thousand_steps():
    told = training.recipe(method.Meso4(32), training.PAPER)
    assert dict(told.schedule.milestones) == {1000: 1, 2000: 1, 3000: 1}
    assert (told.schedule.gamma, told.optimiser.param_groups[0]["lr"]) == (0.1, 1e-3)
    assert (told.loop.steps, told.loop.precision) == (4000, "half")
    assert training.PAPER.batch_size == 75


def test_a_short_training_keeps_the_papers_shape_in_single_precision():
    short = training.Training()
    assert (short.steps, short.batch_size, short.augment) == (150, 32, True)
    told = training.recipe(method.Meso4(32), short)
    assert dict(told.schedule.milestones) == {90: 1, 128: 1}
    assert told.loop.precision == "single"


def test_the_rate_never_drops_before_the_first_step():
    told = training.recipe(method.Meso4(32), training.Training(steps=3, drops=(0.1,)))
    assert dict(told.schedule.milestones) == {1: 1}


def test_one_score_is_not_compared_with_several_labels():
    with pytest.raises(ValueError, match=r"logits have shape \(1,\), labels \(3,\)"):
        training.squared_error(torch.zeros(1), torch.zeros(3))


def test_in_the_middle_of_every_range_a_face_stays_as_it_is(monkeypatch):
    # No turn, no zoom, no flip, no light and no tint: what is left is the grid, which must fit the sampling.
    monkeypatch.setattr(torch, "rand", lambda *shape, **_: torch.full(shape, 0.5))
    faces = torch.linspace(0, 1, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8)
    assert torch.allclose(training.augment(faces, None), faces, atol=1e-5)


def test_batches_hold_real_faces_where_they_say_so():
    white, black = np.full((3, 2, 2, 3), 255, np.uint8), np.zeros((3, 2, 2, 3), np.uint8)
    batches = training.balanced_batches([(white, True), (black, False)], 16, np.random.default_rng(0), "cpu")
    for _ in range(3):
        faces, is_real = next(batches)
        assert faces.mean(dim=(1, 2, 3)).tolist() == is_real.tolist()


def test_exactly_one_half_is_no_vote_for_real():
    assert voting.vote([0.5, 0.5], by="share") == 0


@pytest.mark.parametrize(
    "values", [(0.5, 0.04, 0.5, 4), (0.3, -0.01, 0.5, 4), (0.3, 0.04, 1.1, 4), (0.3, 0.04, 0.5, 0.5)]
)
def test_each_value_of_the_bound_is_checked(values):
    with pytest.raises(ValueError, match="expected a mean below"):
        voting.error_bound(*values)


def test_a_face_of_one_pixel_is_a_face():
    # Eyes half a pixel apart, the mouth half a pixel below: 2.2 times that, rounded down, is one.
    points = np.array([[10, 10], [10.5, 10], [10.25, 10.2], [10, 10.5], [10.5, 10.5]])
    assert alignment.placement(points).size == 1


def test_a_large_face_is_averaged_and_not_picked_from():
    # Black and white pixels side by side: their mean is grey, wherever one looks.
    board = (np.indices((96, 96)).sum(axis=0) % 2 * 255).astype(np.uint8)
    pixels = np.repeat(board[:, :, None], 3, axis=2)
    small = alignment.crop(pixels, alignment.Placement(48, 48, 40, 0), 13)
    assert np.abs(small.astype(float) - 127.5).max() < 12


def test_the_maps_before_the_last_pool_are_normalised():
    network = method.Meso4(32).eval()
    norm = network.blocks[-1][2]
    with torch.no_grad():
        norm.weight.zero_()
        norm.bias.fill_(7.0)
    assert (network.convolve(torch.rand(1, 3, 32, 32)) == 7.0).all()
