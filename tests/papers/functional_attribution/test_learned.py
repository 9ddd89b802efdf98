"""Learned selectors: they learn what can be learned, each task by itself, on any device."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from soundreasons.learning.strays import RefuseStrays, StrayTensorError
from soundreasons.papers import functional_attribution as fa
from soundreasons.papers.functional_attribution.experiments.learned_selectors import (
    KINDS,
    BatchedNetwork,
    Mixtures,
    Trainer,
    as_mixtures,
)

QUICK = fa.experiments.learned_selectors.Training(
    steps=150, batch_size=64, hidden=24, n_chosen=1, learning_rate=1e-2
)


@pytest.fixture
def easy():
    """Feature 1 of three alone decides, far apart."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-0.1, 0.1, size=(8, 3))
    points[:, 1] = [-1, 1] * 4
    return fa.MixtureTask(points, [0, 1] * 4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_predictor_learns_a_task_with_one_telling_feature(kind, easy):
    found = fa.experiments.learned.learn(kind, [easy], settings=QUICK)
    assert found.predictor_accuracy[0] > 0.95


def test_a_selector_that_cannot_smuggle_finds_the_telling_feature(easy):
    # REAL-X's predictor never sees the selector's choices (Jethani et al., 2021), so feature 1 must be
    # shown; a training now and then ends in showing nothing for one of the labels.
    found = fa.experiments.learned.learn("realx", [easy] * 8, settings=QUICK)
    assert np.mean([(scores.argmax(axis=1) == 1).mean() for scores in found.scores]) > 0.85


def test_a_batched_network_is_many_separate_ones():
    # Each task's slice of the batched product equals torch's own linear layers.
    network = BatchedNetwork(3, (4, 5, 2), generator=torch.Generator().manual_seed(0))
    x = torch.randn(3, 7, 4)
    for number in range(3):
        y = x[number]
        for layer in range(3):
            y = torch.nn.functional.linear(
                y, network.weights[layer][number].T, network.biases[layer][number, 0]
            )
            y = torch.selu(y) if layer < 2 else y
        torch.testing.assert_close(network(x)[number], y)


def test_batch_norm_is_over_the_batch_of_each_task_and_unit():
    network = BatchedNetwork(2, (3, 5, 1), has_batch_norm=True, generator=torch.Generator().manual_seed(0))
    x = torch.randn(2, 50, 3)
    for number in range(2):  # torch's own layer, on one task
        y, norm = x[number], torch.nn.BatchNorm1d(5, eps=1e-3, affine=False)
        for layer in range(3):
            weight, bias = network.weights[layer][number].T, network.biases[layer][number, 0]
            y = torch.nn.functional.linear(y, weight, bias)
            y = norm(torch.selu(y)) if layer < 2 else y
        torch.testing.assert_close(network(x)[number], y, atol=1e-5, rtol=1e-5)


def test_tasks_side_by_side_do_not_touch_each_other(easy):
    # The gradient of one task's loss is zero on another task's weights.
    trainer = Trainer("l2x", as_mixtures([easy, easy]), QUICK, torch.Generator().manual_seed(0))
    x, y = trainer.draw(16)
    mask, _ = trainer.mask(x)
    trainer.losses(x, y, mask)[0].mean().backward()
    for parameter in trainer.selector.parameters():
        assert parameter.grad[1].abs().max() == 0
    assert trainer.selector.weights[0].grad[0].abs().max() > 0


def test_padding_is_never_drawn(easy):
    short = fa.MixtureTask([[5.0, 5.0, 5.0], [6.0, 5.0, 5.0]], [0, 1])
    trainer = Trainer("l2x", as_mixtures([easy, short]), QUICK, torch.Generator().manual_seed(0))
    x, _ = trainer.draw(500)
    assert x[1].min() > 4  # the padding lies at zero


def test_an_l2x_mask_holds_at_most_its_number_of_draws(easy):
    settings = fa.experiments.learned_selectors.Training(n_chosen=2, temperature=1e-3)
    trainer = Trainer("l2x", as_mixtures([easy]), settings, torch.Generator().manual_seed(0))
    mask, _ = trainer.mask(trainer.draw(200)[0])
    assert mask.sum(dim=2).max() <= 2 + 1e-3
    assert mask.amax(dim=2).min() > 0.5


def test_same_seed_same_selector_and_another_seed_another(easy):
    brief = fa.experiments.learned_selectors.Training(steps=3, batch_size=16, hidden=8)
    first, again, other = (
        fa.experiments.learned.learn("invase", [easy], settings=brief, seed=s).scores[0] for s in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_step_stays_on_one_device(kind):
    mixtures = Mixtures(
        torch.empty(2, 6, 3, device="meta"),
        torch.empty(2, 6, device="meta"),
        torch.empty(2, 1, device="meta"),
        0.125,
    )
    with RefuseStrays():
        trainer = Trainer(
            kind, mixtures, fa.experiments.learned_selectors.Training(steps=1, batch_size=8, hidden=4), None
        )
        trainer.train()
        trainer.scores()
        trainer.predictor_accuracy()
        trainer.choices()


def test_a_stray_label_is_refused():
    mixtures = Mixtures(
        torch.empty(2, 6, 3, device="meta"), torch.empty(2, 6), torch.empty(2, 1, device="meta"), 0.125
    )
    trainer = Trainer(
        "l2x", mixtures, fa.experiments.learned_selectors.Training(steps=1, batch_size=8, hidden=4), None
    )
    with pytest.raises(StrayTensorError, match=r"shape \(2, 6\)"), RefuseStrays():
        trainer.train()


def test_unlike_tasks_and_unknown_kinds_are_refused(easy):
    wide = fa.MixtureTask([[0.0], [1.0]], [0, 1])
    with pytest.raises(ValueError, match="expected one kind; train others apart"):
        fa.experiments.learned.learn("l2x", [easy, wide])
    with pytest.raises(ValueError, match="expected one kind"):
        fa.experiments.learned.learn("l2x", [])
    with pytest.raises(ValueError, match="kind is 'lasso', expected one of l2x"):
        fa.experiments.learned.learn("lasso", [easy])


def test_the_selection_rule_keeps_what_is_near_the_largest():
    learned = fa.experiments.learned.Learned("invase", [np.array([[0.9, 0.5, 0.4]])], np.ones(1), np.ones(1))
    assert learned.select(0, 0.5).tolist() == [[True, True, False]]


def test_a_contest_of_learners_reports_every_kind_and_task(easy):
    table = fa.experiments.learned.learned_contest(
        [easy, easy], ["l2x", "realx"], settings={"l2x": QUICK, "realx": QUICK}, levels=[0.5, 0.9]
    )
    assert table.groupby("method")["task"].apply(list).to_dict() == {"l2x": [0, 1], "realx": [0, 1]}
    assert (table["possible"] > 0.99).all()
    assert (table["selection"] <= table["sufficient"]).all()


def test_shares_do_not_change_when_logits_are_shifted():
    # Logits are defined up to a constant a point; the published rule is not blind to it, shares are.
    logits = np.array([[2.0, 1.0, -1.0], [-2.0, -3.0, -5.0]])
    learned = fa.experiments.learned.Learned("l2x", [logits], np.ones(1), np.ones(1))
    shifted = fa.experiments.learned.Learned("l2x", [logits - 4.0], np.ones(1), np.ones(1))
    assert learned.select(0, 0.5).tolist() != shifted.select(0, 0.5).tolist()
    assert (learned.with_shares().select(0, 0.5) == shifted.with_shares().select(0, 0.5)).all()
    assert learned.with_shares().scores[0].sum(axis=1) == pytest.approx([1, 1])
    other = fa.experiments.learned.Learned("invase", [logits], np.ones(1), np.ones(1))
    assert other.with_shares() is other


def test_a_mask_that_knows_nothing_tells_nothing_and_one_that_spells_tells_all():
    rng = np.random.default_rng(0)
    labels = rng.random(4000) < 0.5
    blind = rng.random((4000, 3)) < 0.5
    # Four standard errors of a share of two thousand.
    assert fa.experiments.learned.label_in_mask(blind, labels) == pytest.approx(
        0.5, abs=4 * 0.5 / np.sqrt(2000)
    )
    assert fa.experiments.learned.label_in_mask(np.column_stack([blind[:, :2], labels]), labels) == 1


@pytest.mark.parametrize("kind", ["l2x", "invase"])
def test_the_objective_is_the_loss_and_for_drawn_selections_its_weight_by_how_likely_they_were(
    easy, kind, monkeypatch
):
    settings = fa.experiments.learned_selectors.Training(steps=1, batch_size=4, hidden=4, penalty=0.0)
    trainer = Trainer(kind, as_mixtures([easy, easy]), settings, torch.Generator().manual_seed(0))
    x, y = trainer.draw(4)
    everything, undecided = torch.ones_like(x), torch.zeros_like(x)
    monkeypatch.setattr(trainer, "mask", lambda points: (everything, undecided))
    loss = trainer.losses(x, y, everything)
    expected = loss.mean(dim=1).sum()
    if kind == "invase":  # each feature was as likely chosen as not: log probability d log(1/2)
        expected = expected * (1 + x.shape[2] * np.log(0.5))
    assert trainer.objective((x, y)).item() == pytest.approx(expected.item(), rel=1e-5)
