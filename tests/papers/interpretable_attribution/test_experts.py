"""Restricted networks: nothing leaks, the two forms are one, sizes are the published ones."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from soundreasons.learning.strays import RefuseStrays, StrayTensorError
from soundreasons.papers.interpretable_attribution import experiments, fast, method
from soundreasons.papers.interpretable_attribution.data.toys import toy
from soundreasons.papers.interpretable_attribution.experiments import ablation, film_networks
from soundreasons.papers.interpretable_attribution.fast import experts as layers

GROUPS = [[0, 1], [2], [3, 4, 5]]
SUBSETS = [(0,), (1,), (0, 1), (1, 2), (0, 1, 2)]
FORMS = [method.RestrictedExperts, fast.RestrictedExperts]
SHARING = ["stopped", "flowing", "none"]


def experts(form=method.RestrictedExperts, sharing="stopped", seed=0):
    return form(GROUPS, SUBSETS, [7, 5], sharing=sharing, generator=torch.Generator().manual_seed(seed))


def placed_once(subsets):
    """Who is asked before whom is put on the device at the first step, and kept there."""
    fast.gate_weights(torch.empty(1, len(subsets), device="meta"), subsets)


def draw(n=64, seed=1):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 6, generator=generator)
    return x, (x[:, 0] * x[:, 3] > 0).float()


def test_the_mask_of_a_layer_is_the_expanded_table():
    feeds = method.inclusion_matrix([(0,), (1,), (0, 1)])
    mask = method.expand_mask(feeds, 2, 3)
    assert mask.shape == (9, 6)
    # Slow twin: unit by unit.
    for to in range(9):
        for source in range(6):
            assert mask[to, source] == feeds[source // 2, to // 3]


def test_masks_are_those_of_the_declaration():
    model = fast.RestrictedExperts([[0], [1]], [(0,), (0, 1)], [1, 1])
    # Column 1 is for the second expert; its units read those of the first, never the other way round.
    assert [mask.astype(int).tolist() for mask in model.masks()] == [[[1, 0], [1, 1]]] + [
        [[1, 0], [1, 1]]
    ] * 2
    alone = fast.RestrictedExperts([[0], [1]], [(0,), (0, 1)], [1, 1], sharing="none")
    assert alone.masks()[1].astype(int).tolist() == [[1, 0], [0, 1]]
    assert [model.stops_at(depth) for depth in range(3)] == [False, True, True]
    assert not any(alone.stops_at(depth) for depth in range(3))


def test_layers_multiply_by_what_is_allowed():
    weight, bias = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([10.0, 20.0])
    x = torch.tensor([[1.0, 1.0]])
    mask = torch.tensor([[True, False], [True, True]])
    assert layers.MaskedLayer(weight, bias, mask)(x).tolist() == [[11, 27]]
    assert layers.DiagonalLayer(weight, bias, 2)(x).tolist() == [[11, 24]]
    given = x.clone().requires_grad_()
    said = layers.ReadingLayer(weight, bias, mask, 2)(given)
    assert said.tolist() == [[11, 27]]
    said.sum().backward()
    assert given.grad.tolist() == [[1, 4]]  # the second reads the first without changing it


@pytest.mark.parametrize("sharing", SHARING)
def test_both_forms_say_the_same_with_copied_weights(sharing):
    blocks = experts(sharing=sharing)
    x, _ = draw()
    assert torch.allclose(blocks(x), fast.RestrictedExperts.of(blocks)(x), atol=1e-6, rtol=0)
    # And the first weights are drawn alike.
    assert torch.allclose(blocks(x), experts(fast.RestrictedExperts, sharing)(x), atol=1e-6, rtol=0)


@pytest.mark.parametrize("sharing", SHARING)
def test_both_forms_learn_the_same(sharing):
    # In double precision: in single, a hundred steps make a difference of rounding, which processors do
    # differently, as large as what a wrong step would make.
    blocks = experts(sharing=sharing)
    masked = fast.RestrictedExperts.of(blocks).double()
    blocks = blocks.double()
    x, labels = draw()
    x = x.double()
    losses = method.fit(blocks, lambda: (x, labels), 100, learning_rate=1e-2)
    kept = fast.fit(masked, lambda: (x, labels), 100, learning_rate=1e-2)
    assert kept == pytest.approx([losses[-1]], rel=1e-9)  # that of every hundredth batch
    assert losses[-1] < losses[0]
    assert torch.allclose(blocks(x), masked(x), atol=1e-9, rtol=0)
    # The twin had weights of its own: training one did not move the other twice.
    assert not torch.allclose(blocks(x), experts(sharing=sharing).double()(x), atol=1e-2)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sharing", SHARING)
def test_no_expert_depends_on_what_it_must_not_see_before_and_after_training(form, sharing):
    model = experts(form, sharing)
    x, labels = draw()
    assert method.leaks(model, x) == 0.0
    fast.fit(model, lambda: (x, labels), 30, learning_rate=1e-2)
    assert method.leaks(model, x) == 0.0
    # And by moving the inputs instead of differentiating: group 2 is forbidden to experts 0, 1 and 2.
    moved = x.clone()
    moved[:, 3:] += 10
    difference = (model(moved) - model(x)).abs().amax(dim=0)
    assert difference[:3].tolist() == [0, 0, 0]
    assert (difference[3:] > 1e-3).all()


def test_every_expert_uses_all_that_it_may_see():
    model, (x, _) = experts(), draw()
    given = x.clone().requires_grad_()
    seen = method.column_mask(GROUPS, SUBSETS, 6)
    for number, output in enumerate(model(given).unbind(dim=1)):
        (gradient,) = torch.autograd.grad(output.sum(), given, retain_graph=True)
        assert ((gradient.abs().sum(dim=0) > 0).numpy() == seen[number]).all()


@pytest.mark.parametrize("form", FORMS)
def test_a_stopped_gradient_keeps_larger_experts_from_changing_smaller_ones(form):
    x, labels = draw()
    for sharing in ("stopped", "flowing"):
        model = experts(form, sharing)
        before = model(x)[:, 0].detach().clone()
        adam = torch.optim.SGD(model.parameters(), lr=0.5)
        method.expert_losses(model.logits(x), labels)[:, -1].mean().backward()  # only the full expert learns
        adam.step()
        moved = not torch.equal(model(x)[:, 0], before)
        # The first layer of the full expert shares nothing; deeper ones read expert 0.
        assert moved is (sharing == "flowing")


@pytest.mark.parametrize("sharing", SHARING)
def test_networks_side_by_side_say_and_learn_what_they_do_alone(sharing):
    alone = [experts(fast.RestrictedExperts, sharing, seed) for seed in range(3)]
    batches = [draw(seed=5 + seed) for seed in range(3)]
    x, labels = (torch.stack(part) for part in zip(*batches, strict=True))
    together = fast.stack_experts(alone)
    said = torch.stack([model(one) for model, one in zip(alone, x, strict=True)])
    assert torch.allclose(together(x), said, atol=1e-6)
    assert together.n_parameters == alone[0].n_parameters
    for fit in (fast.fit, ablation.fit_through_mixture, ablation.fit_by_level):
        copies = [copy.deepcopy(model) for model in alone]
        together = fast.stack_experts(alone)
        fit(together, lambda: (x, labels), 20, learning_rate=1e-2)
        for model, batch in zip(copies, batches, strict=True):
            fit(model, lambda batch=batch: batch, 20, learning_rate=1e-2)
        apart = torch.stack([model(one) for model, one in zip(copies, x, strict=True)])
        assert torch.allclose(together(x), apart, atol=1e-3)
        back = [copy.deepcopy(model) for model in alone]
        fast.unstack_experts(together, back)
        returned = torch.stack([model(one) for model, one in zip(back, x, strict=True)])
        assert torch.allclose(returned, together(x), atol=1e-6)  # sums in another order round differently


@pytest.mark.parametrize("scale", ["expert", "sample", "batch"])
def test_a_batch_is_shared_out_within_each_network_side_by_side(scale):
    outputs = torch.rand(2, 9, 5) * 2 - 1
    logits, how = torch.atanh(outputs), method.EStep(scale=scale)
    together = fast.e_step(logits, SUBSETS, how)
    weights = [method.gate_weights(part, SUBSETS) for part in outputs]
    alone = torch.stack([method.responsibilities(part, scale) for part in weights])
    assert torch.allclose(together, alone, atol=1e-5)


def test_networks_that_differ_in_more_than_weights_do_not_stand_side_by_side():
    with pytest.raises(ValueError, match="there is no network"):
        fast.stack_experts([])
    with pytest.raises(ValueError, match="network 1 is not a single one with one matrix a layer"):
        fast.stack_experts([experts(fast.RestrictedExperts), experts()])
    unmasked = experts(fast.RestrictedExperts)
    experiments.toys.unmask(unmasked)
    for other in (experts(fast.RestrictedExperts, "none"), unmasked):
        with pytest.raises(ValueError, match="network 1 is laid out unlike network 0"):
            fast.stack_experts([experts(fast.RestrictedExperts), other])
    together = fast.stack_experts([experts(fast.RestrictedExperts), experts(fast.RestrictedExperts)])
    with pytest.raises(ValueError, match=r"x has shape \(3, 6\), expected \(2, n, 6\)"):
        together(torch.zeros(3, 6))
    with pytest.raises(ValueError, match="2 networks side by side, but 1 to write them to"):
        fast.unstack_experts(together, [experts(fast.RestrictedExperts)])


def test_parameter_counts_are_the_published_ones():
    assert [experiments.toys.toy_experts(toy(name)).n_parameters for name in "acd"] == [299, 979, 979]
    assert film_networks.published_film_sizes() == {
        "film_experts": 771306, "film_plain": 655767, "film_wide": 879255,
    }  # fmt: skip
    assert experiments.public_sessions.streaming_transformer(device="meta").n_parameters == 2602952


def test_parameters_follow_the_formula_per_block():
    # Weights and bias of every block: what it reads, times its units, plus its units.
    seen = method.column_mask(GROUPS, SUBSETS, 6).sum(axis=1)
    read = method.inclusion_matrix(SUBSETS).sum(axis=0)
    by_hand = int((seen * 7 + 7).sum() + (read * 7 * 5 + 5).sum() + (read * 5 + 1).sum())
    assert experts().n_parameters == experts(fast.RestrictedExperts).n_parameters == by_hand
    assert sum(parameter.numel() for parameter in experts().parameters()) == by_hand


def test_impossible_networks_are_refused():
    with pytest.raises(ValueError, match="sharing is 'all', expected one of none, stopped, flowing"):
        method.RestrictedExperts(GROUPS, SUBSETS, [4], sharing="all")
    with pytest.raises(ValueError, match=r"hidden is \[4, 0\]"):
        method.RestrictedExperts(GROUPS, SUBSETS, [4, 0])
    with pytest.raises(ValueError, match="groups 0 and 1 overlap in column 1"):
        method.RestrictedExperts([[0, 1], [1]], [(0, 1)], [4])
    with pytest.raises(ValueError, match=r"x has shape \(3, 5\), expected \(n, 6\)"):
        experts()(torch.zeros(3, 5))
    with pytest.raises(ValueError, match="one matrix a layer already"):
        fast.RestrictedExperts.of(experts(fast.RestrictedExperts))
    with pytest.raises(ValueError, match="blocks have 0 units before and 2 after"):
        method.expand_mask(np.ones((1, 1), dtype=bool), 0, 2)


@pytest.mark.parametrize("form", FORMS)
def test_a_training_step_of_the_experts_keeps_to_its_device(form):
    with torch.device("meta"):
        model = form(GROUPS, SUBSETS, [7, 5])
    placed_once(model.subsets)
    with RefuseStrays():
        x, labels = torch.empty(9, 6, device="meta"), torch.empty(9, device="meta")
        fast.batch_loss(model.logits(x), labels, model.subsets).backward()
        torch.optim.Adam(model.parameters(), foreach=False).step()
        method.mixture(model(x), fast.gate_weights(model(x), model.subsets))


def test_a_training_step_of_networks_side_by_side_keeps_to_its_device():
    with torch.device("meta"):
        models = [fast.RestrictedExperts(GROUPS, SUBSETS, [7, 5]) for _ in range(2)]
    together = fast.stack_experts(models)
    placed_once(together.subsets)
    with RefuseStrays():
        x, labels = torch.empty(2, 9, 6, device="meta"), torch.empty(2, 9, device="meta")
        fast.batch_loss(together.logits(x), labels, together.subsets).backward()
        torch.optim.Adam(together.parameters(), foreach=False).step()


def test_a_stray_label_is_refused():
    with torch.device("meta"):
        model = method.RestrictedExperts(GROUPS, SUBSETS, [7, 5])
    placed_once(model.subsets)
    logits = model.logits(torch.empty(9, 6, device="meta"))
    with pytest.raises(StrayTensorError, match=r"shape \(9, 1\)|shape \(9,\)"), RefuseStrays():
        fast.batch_loss(logits, torch.empty(9), model.subsets)
