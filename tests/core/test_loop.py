"""The training loop: against steps written out by hand, and what it refuses."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from soundreasons.learning.loop import BestWeights, Loop, Step, endless, fused_adam, train
from soundreasons.learning.strays import RefuseStrays, StrayTensorError


def network(seed=0, device="cpu"):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1)).to(device)


def batches(n, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(8, 3, generator=generator) for _ in range(n)]


def loss_of(model):
    return lambda batch: (model(batch) - batch.sum(dim=1, keepdim=True)).square().mean()


def by_hand(model, optimiser, data, *, clip=None, schedule=None, clipped=None):
    losses = []
    for batch in data:
        optimiser.zero_grad()
        loss = loss_of(model)(batch)
        loss.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(clipped or model.parameters(), clip)
        optimiser.step()
        if schedule is not None:
            schedule.step()
        losses.append(loss.item())
    return losses


def assert_same(first, second):
    for ours, theirs in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(ours, theirs)


OPTIMISERS = {
    "adam": lambda weights: torch.optim.Adam(weights, 1e-2),
    "adam with other betas": lambda weights: torch.optim.Adam(weights, 1e-2, betas=(0.5, 0.999)),
    "adamw": lambda weights: torch.optim.AdamW(weights, 1e-2),
    "fused adam": lambda weights: fused_adam(weights, 1e-2),
}
SCHEDULES = {
    "none": lambda optimiser: None,
    "drops": lambda optimiser: torch.optim.lr_scheduler.MultiStepLR(optimiser, [3, 6], gamma=0.1),
    "cosine": lambda optimiser: torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 10, 1e-3),
    "ramp": lambda optimiser: torch.optim.lr_scheduler.LambdaLR(optimiser, lambda n: min(n + 1, 4) / 4),
}


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("clip", [None, 0.1])
def test_training_is_bit_by_bit_the_steps_written_out(optimiser, schedule, clip):
    ours, theirs = network(), network()
    moves = [OPTIMISERS[optimiser](model.parameters()) for model in (ours, theirs)]
    first, second = (SCHEDULES[schedule](each) for each in moves)
    losses = train(loss_of(ours), batches(10), moves[0], Loop(10, clip_norm=clip), schedule=first)
    assert losses.tolist() == by_hand(theirs, moves[1], batches(10), clip=clip, schedule=second)
    assert_same(ours, theirs)


def test_a_norm_may_be_of_more_gradients_than_the_optimiser_moves():
    ours, theirs = network(), network()
    moves = [torch.optim.Adam(model[2].parameters(), 1e-2) for model in (ours, theirs)]
    train(loss_of(ours), batches(5), moves[0], Loop(5, clip_norm=0.1), clipped=ours.parameters())
    by_hand(theirs, moves[1], batches(5), clip=0.1)
    assert_same(ours, theirs)
    alone = network()
    adam = torch.optim.Adam(alone[2].parameters(), 1e-2)
    train(loss_of(alone), batches(5), adam, Loop(5, clip_norm=0.1))
    assert not torch.equal(alone[2].weight, ours[2].weight)


def test_two_loops_in_a_row_with_one_optimiser_are_one_loop():
    whole, halves = network(), network()
    train(loss_of(whole), batches(6), fused_adam(whole.parameters(), 1e-2), Loop(6))
    adam, data = fused_adam(halves.parameters(), 1e-2), iter(batches(6))
    for _ in range(2):
        train(loss_of(halves), data, adam, Loop(3))
    assert_same(whole, halves)


def test_no_batch_is_taken_that_is_not_used():
    data = itertools.count(1.0)
    weight = nn.Parameter(torch.tensor(1.0))
    train(lambda batch: batch * weight, data, torch.optim.SGD([weight], 0.0), Loop(4))
    assert next(data) == 5.0


def test_losses_of_every_other_step_are_kept():
    weight = nn.Parameter(torch.tensor(1.0))
    sgd = torch.optim.SGD([weight], 0.0)
    losses = train(lambda batch: batch * weight, [1.0, 2.0, 3.0, 4.0, 5.0], sgd, Loop(5, every=2))
    assert losses.tolist() == [2.0, 4.0]


def test_the_hook_is_told_each_step_and_may_end_the_training():
    told = []

    def after(number):
        told.append(number)
        return number == 3

    model = network()
    losses = train(loss_of(model), batches(9), fused_adam(model.parameters(), 1e-2), Loop(9), after=after)
    assert told == [1, 2, 3]
    assert len(losses) == 3


def test_no_steps_leave_the_weights_and_give_no_losses():
    model = network()
    losses = train(loss_of(model), [], fused_adam(model.parameters(), 1e-2), Loop(0))
    assert len(losses) == 0
    assert_same(model, network())


def test_half_precision_computes_the_loss_in_it_and_keeps_the_weights():
    seen = []

    def loss(batch):
        out = model(batch)
        seen.append(out.dtype)
        return out.float().square().mean()

    model = network()
    train(loss, batches(2), fused_adam(model.parameters(), 1e-2), Loop(2, precision="half"))
    assert seen == [torch.bfloat16] * 2
    assert all(weight.dtype is torch.float32 for weight in model.parameters())


def test_a_step_on_meta_tensors_passes_and_a_stray_one_is_refused():
    model = network(device="meta")
    step = Step(loss_of(model), fused_adam(model.parameters(), 1e-2), Loop(1, clip_norm=1.0))
    with RefuseStrays():
        step(torch.zeros(8, 3, device="meta"))
        with pytest.raises(StrayTensorError):
            step(torch.zeros(8, 3))


def test_a_norm_over_gradients_that_stay_scaled_is_refused():
    model = network()
    adam = fused_adam(model[2].parameters(), 1e-2)
    with pytest.raises(ValueError, match="clipped holds 2 weights that the optimiser does not move"):
        Step(loss_of(model), adam, Loop(1, precision="half"), clipped=model.parameters())


def test_data_that_ends_early_is_said():
    model = network()
    with pytest.raises(ValueError, match="the data ended after 2 of 3 steps"):
        train(loss_of(model), batches(2), fused_adam(model.parameters(), 1e-2), Loop(3))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"steps": -1}, "steps is -1"),
        ({"steps": 1, "every": 0}, "every is 0"),
        ({"steps": 1, "clip_norm": 0.0}, "clip_norm is 0.0, expected a number above 0"),
        ({"steps": 1, "precision": "double"}, "precision is 'double', expected 'single' or 'half'"),
    ],
)
def test_an_impossible_loop_is_refused(arguments, told):
    with pytest.raises(ValueError, match=told):
        Loop(**arguments)


def test_the_best_weights_are_put_back_and_a_tie_keeps_the_first():
    model = nn.Linear(1, 1)
    best = BestWeights(model)
    best.restore()  # nothing yet
    assert (best.best, best.since) == (float("-inf"), 0)
    kept = []
    for bias, score in ((1.0, 0.5), (2.0, 0.9), (3.0, 0.9), (4.0, 0.1)):
        nn.init.constant_(model.bias, bias)
        kept.append(best.offer(score))
    assert kept == [True, True, False, False]
    assert best.since == 2
    best.restore()
    assert model.bias.item() == 2.0


def test_endless_draws_as_often_as_it_is_asked():
    numbers = itertools.count()
    assert list(itertools.islice(endless(lambda: next(numbers)), 3)) == [0, 1, 2]
    assert next(numbers) == 3
