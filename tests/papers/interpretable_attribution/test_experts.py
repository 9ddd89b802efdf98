"""Restricted networks: nothing leaks, the two forms are one, sizes are the published ones."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from soundreasons.learning.strays import RefuseStrays, StrayTensorError
from soundreasons.papers import interpretable_attribution as ia
from soundreasons.papers.interpretable_attribution.sessions import ASKED_GROUPS, GIVEN_GROUPS

GROUPS = [[0, 1], [2], [3, 4, 5]]
SUBSETS = [(0,), (1,), (0, 1), (1, 2), (0, 1, 2)]
CASES = [(True, True), (True, False), (False, True)]


def experts(form="blocks", is_connected=True, stops_gradient=True, seed=0):
    return ia.RestrictedExperts(
        GROUPS, SUBSETS, [7, 5], form=form, is_connected=is_connected, stops_gradient=stops_gradient,
        generator=torch.Generator().manual_seed(seed),
    )  # fmt: skip


def placed_once(subsets):
    """Who is asked before whom is put on the device at the first step, and kept there."""
    ia.gate_weights(torch.empty(1, len(subsets), device="meta"), subsets)


def draw(n=64, seed=1):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 6, generator=generator)
    return x, (x[:, 0] * x[:, 3] > 0).float()


def test_the_mask_of_a_layer_is_the_expanded_table():
    feeds = ia.inclusion_matrix([(0,), (1,), (0, 1)])
    mask = ia.expand_mask(feeds, 2, 3)
    assert mask.shape == (9, 6)
    # Slow twin: unit by unit.
    for to in range(9):
        for source in range(6):
            assert mask[to, source] == feeds[source // 2, to // 3]


@pytest.mark.parametrize(("is_connected", "stops_gradient"), CASES)
def test_both_forms_say_the_same_with_copied_weights(is_connected, stops_gradient):
    blocks = experts("blocks", is_connected, stops_gradient)
    x, _ = draw()
    assert torch.allclose(blocks(x), blocks.masked()(x), atol=1e-6, rtol=0)


@pytest.mark.parametrize(("is_connected", "stops_gradient"), CASES)
def test_both_forms_learn_the_same(is_connected, stops_gradient):
    blocks = experts("blocks", is_connected, stops_gradient)
    masked = blocks.masked()
    x, labels = draw()
    for model in (blocks, masked):
        ia.fit(model, lambda: (x, labels), 20, learning_rate=1e-2)
    assert torch.allclose(blocks(x), masked(x), atol=1e-4)
    # The twin had weights of its own: training one did not move the other twice.
    assert not torch.allclose(blocks(x), experts("blocks", is_connected, stops_gradient)(x), atol=1e-2)


@pytest.mark.parametrize("form", ["blocks", "masked"])
@pytest.mark.parametrize(("is_connected", "stops_gradient"), CASES)
def test_no_expert_depends_on_what_it_must_not_see_before_and_after_training(
    form, is_connected, stops_gradient
):
    model = experts(form, is_connected, stops_gradient)
    x, labels = draw()
    assert ia.leaks(model, x) == 0.0
    ia.fit(model, lambda: (x, labels), 30, learning_rate=1e-2)
    assert ia.leaks(model, x) == 0.0
    # And by moving the inputs instead of differentiating: group 2 is forbidden to experts 0, 1 and 2.
    moved = x.clone()
    moved[:, 3:] += 10
    difference = (model(moved) - model(x)).abs().amax(dim=0)
    assert difference[:3].tolist() == [0, 0, 0]
    assert (difference[3:] > 1e-3).all()


def test_every_expert_uses_all_that_it_may_see():
    model, (x, _) = experts(), draw()
    given = x.clone().requires_grad_()
    seen = ia.column_mask(GROUPS, SUBSETS, 6)
    for number, output in enumerate(model(given).unbind(dim=1)):
        (gradient,) = torch.autograd.grad(output.sum(), given, retain_graph=True)
        assert ((gradient.abs().sum(dim=0) > 0).numpy() == seen[number]).all()


@pytest.mark.parametrize("form", ["blocks", "masked"])
def test_a_stopped_gradient_keeps_larger_experts_from_changing_smaller_ones(form):
    x, labels = draw()
    for stops_gradient in (True, False):
        model = experts(form, True, stops_gradient)
        before = model(x)[:, 0].detach().clone()
        adam = torch.optim.SGD(model.parameters(), lr=0.5)
        ia.expert_losses(model.logits(x), labels)[:, -1].mean().backward()  # only the full expert learns
        adam.step()
        moved = not torch.equal(model(x)[:, 0], before)
        # The first layer of the full expert shares nothing; deeper ones read expert 0.
        assert moved is not stops_gradient


@pytest.mark.parametrize(("is_connected", "stops_gradient"), CASES)
def test_networks_side_by_side_say_and_learn_what_they_do_alone(is_connected, stops_gradient):
    alone = [experts("masked", is_connected, stops_gradient, seed) for seed in range(3)]
    batches = [draw(seed=5 + seed) for seed in range(3)]
    x, labels = (torch.stack(part) for part in zip(*batches, strict=True))
    together = ia.stack_experts(alone)
    said = torch.stack([model(one) for model, one in zip(alone, x, strict=True)])
    assert torch.allclose(together(x), said, atol=1e-6)
    assert together.n_parameters == alone[0].n_parameters
    for objective in ("em", "mixture", "sequential"):
        copies = [copy.deepcopy(model) for model in alone]
        together = ia.stack_experts(alone)
        ia.fit(together, lambda: (x, labels), 20, objective=objective, learning_rate=1e-2)
        for model, batch in zip(copies, batches, strict=True):
            ia.fit(model, lambda batch=batch: batch, 20, objective=objective, learning_rate=1e-2)
        apart = torch.stack([model(one) for model, one in zip(copies, x, strict=True)])
        assert torch.allclose(together(x), apart, atol=1e-3)
        back = [copy.deepcopy(model) for model in alone]
        ia.unstack_experts(together, back)
        returned = torch.stack([model(one) for model, one in zip(back, x, strict=True)])
        assert torch.allclose(returned, together(x), atol=1e-6)  # sums in another order round differently


@pytest.mark.parametrize("scale", ["expert", "sample", "batch"])
def test_a_batch_is_shared_out_within_each_network_side_by_side(scale):
    outputs = torch.rand(2, 9, 5) * 2 - 1
    step = ia.EStep(scale=scale)
    together = ia.responsibilities(outputs, SUBSETS, step, are_copies=True)
    alone = torch.stack([ia.responsibilities(part, SUBSETS, step) for part in outputs])
    assert torch.allclose(together, alone)


def test_networks_that_differ_in_more_than_weights_do_not_stand_side_by_side():
    with pytest.raises(ValueError, match="there is no network"):
        ia.stack_experts([])
    with pytest.raises(ValueError, match="network 1 is not a single one in the masked form"):
        ia.stack_experts([experts("masked"), experts("blocks")])
    unmasked = experts("masked")
    ia.unmask(unmasked)
    for other in (experts("masked", False), unmasked):
        with pytest.raises(ValueError, match="network 1 is laid out unlike network 0"):
            ia.stack_experts([experts("masked"), other])
    together = ia.stack_experts([experts("masked"), experts("masked")])
    with pytest.raises(ValueError, match=r"x has shape \(3, 6\), expected \(2, n, 6\)"):
        together(torch.zeros(3, 6))
    with pytest.raises(ValueError, match="2 networks side by side, but 1 to write them to"):
        ia.unstack_experts(together, [experts("masked")])


def test_unmasking_lets_everything_through():
    model = experts("masked", False)
    ia.unmask(model)
    assert ia.leaks(model, draw()[0]) > 0
    with pytest.raises(ValueError, match="block form, which has no mask"):
        ia.unmask(experts("blocks", False))


def test_parameter_counts_are_the_published_ones():
    assert [ia.toy_experts(ia.toy(name)).n_parameters for name in "acd"] == [299, 979, 979]
    assert ia.published_film_sizes() == {
        "film_experts": 771306, "film_plain": 655767, "film_wide": 879255,
    }  # fmt: skip
    assert ia.streaming_transformer(device="meta").n_parameters == 2602952


def test_parameters_follow_the_formula_per_block():
    # Weights and bias of every block: what it reads, times its units, plus its units.
    seen = ia.column_mask(GROUPS, SUBSETS, 6).sum(axis=1)
    read = ia.inclusion_matrix(SUBSETS).sum(axis=0)
    by_hand = int((seen * 7 + 7).sum() + (read * 7 * 5 + 5).sum() + (read * 5 + 1).sum())
    assert experts("blocks").n_parameters == experts("masked").n_parameters == by_hand


def test_impossible_networks_are_refused():
    with pytest.raises(ValueError, match="form is 'dense'"):
        ia.RestrictedExperts(GROUPS, SUBSETS, [4], form="dense")
    with pytest.raises(ValueError, match=r"hidden is \[4, 0\]"):
        ia.RestrictedExperts(GROUPS, SUBSETS, [4, 0])
    with pytest.raises(ValueError, match="groups 0 and 1 overlap in column 1"):
        ia.RestrictedExperts([[0, 1], [1]], [(0, 1)], [4])
    with pytest.raises(ValueError, match=r"x has shape \(3, 5\), expected \(n, 6\)"):
        experts()(torch.zeros(3, 5))
    with pytest.raises(ValueError, match="masked form already"):
        experts().masked().masked()


@pytest.mark.parametrize("form", ["blocks", "masked"])
def test_a_training_step_of_the_experts_keeps_to_its_device(form):
    model = ia.RestrictedExperts(GROUPS, SUBSETS, [7, 5], form=form, device="meta")
    placed_once(model.subsets)
    with RefuseStrays():
        x, labels = torch.empty(9, 6, device="meta"), torch.empty(9, device="meta")
        ia.em_loss(model.logits(x), labels, model.subsets).backward()
        torch.optim.Adam(model.parameters(), foreach=False).step()
        ia.mixture(model(x), ia.gate_weights(model(x), model.subsets))


def test_a_training_step_of_networks_side_by_side_keeps_to_its_device():
    models = [ia.RestrictedExperts(GROUPS, SUBSETS, [7, 5], form="masked", device="meta") for _ in range(2)]
    together = ia.stack_experts(models)
    placed_once(together.subsets)
    with RefuseStrays():
        x, labels = torch.empty(2, 9, 6, device="meta"), torch.empty(2, 9, device="meta")
        ia.em_loss(together.logits(x), labels, together.subsets, are_copies=True).backward()
        torch.optim.Adam(together.parameters(), foreach=False).step()


def test_a_stray_label_is_refused():
    model = ia.RestrictedExperts(GROUPS, SUBSETS, [7, 5], device="meta")
    placed_once(model.subsets)
    with pytest.raises(StrayTensorError, match=r"shape \(9, 1\)|shape \(9,\)"), RefuseStrays():
        ia.em_loss(model.logits(torch.empty(9, 6, device="meta")), torch.empty(9), model.subsets).backward()


@pytest.mark.parametrize("kind", ["experts", "plain"])
def test_a_training_step_on_films_keeps_to_its_device(kind):
    content = torch.empty(20, 19, device="meta")
    people = torch.empty(8, 3, dtype=torch.long, device="meta")
    features = ia.FilmFeatures(8, 20, 8, 2, content, people)
    model = (ia.FilmExperts if kind == "experts" else ia.PlainFilms)(features, 8)
    placed_once(list(ia.FILM_SUBSETS))
    with RefuseStrays():
        pairs = torch.empty(5, 2, dtype=torch.long, device="meta")
        model.loss(pairs, torch.empty(5, device="meta")).backward()
        torch.optim.Adam(model.parameters(), foreach=False).step()


@pytest.mark.parametrize("kind", ["experts", "plain"])
def test_a_training_step_on_sessions_keeps_to_its_device(kind):
    model = ia.session_model(kind, ia.SessionTraining(width=8), device="meta")
    placed_once(model.subsets)
    with RefuseStrays():
        given, asked = torch.empty(3, 10, 8, device="meta"), torch.empty(3, 10, 6, device="meta")
        logits = model.logits(given, asked)
        ia.em_loss(logits, torch.empty(3, 10, device="meta"), model.subsets, ia.SESSION_STEP).backward()
        torch.optim.Adam(model.parameters(), foreach=False).step()


def transformer(**options):
    torch.manual_seed(0)
    return ia.RestrictedTransformer(
        GIVEN_GROUPS, ASKED_GROUPS, list(ia.SESSION_SUBSETS), width=8, n_heads=2, n_layers=2, **options
    )


def test_the_transformer_leaks_nothing_over_time_or_between_sides():
    model = transformer()
    sessions = ia.draw_sessions(8, np.random.default_rng(0))
    given, asked = (torch.as_tensor(part) for part in sessions[:2])
    before = model(given, asked)
    moved = given.clone()
    moved[:, :, 3] += 5  # the starts, at every place: experts 1 and 4 may see them
    changed = (model(moved, asked) - before).abs().amax(dim=(0, 1)) > 0
    assert changed.tolist() == [False, True, False, False, True]
    other = asked.clone()
    other[:, :, 2:] += 5  # the music of what is asked: experts 2, 3 and 4 may
    changed = (model(given, other) - before).abs().amax(dim=(0, 1)) > 0
    assert changed.tolist() == [False, False, True, True, True]


def test_padding_in_a_session_changes_nothing():
    model = transformer()
    sessions = ia.draw_sessions(4, np.random.default_rng(0))
    given, asked = (torch.as_tensor(part) for part in sessions[:2])
    short = model(given[:, :7], asked[:, :6])
    valid_given, valid = torch.arange(10) < 7, torch.arange(10) < 6
    padded = model(given, asked, valid_given=valid_given.expand(4, -1), valid=valid.expand(4, -1))
    assert torch.allclose(padded[:, :6], short, atol=1e-5)


def test_attention_agrees_with_torch():
    # torch's own layer, with the same weights; ours has no bias on queries, keys and values.
    ours = ia.Attention(8, 8, 8, 2)
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key.weight, ours.value.weight]))
        theirs.in_proj_bias.zero_()
        theirs.out_proj.weight.copy_(ours.out.weight)
        theirs.out_proj.bias.copy_(ours.out.bias)
    x, memory = torch.randn(3, 4, 8), torch.randn(3, 6, 8)
    assert torch.allclose(ours(x, memory), theirs(x, memory, memory)[0], atol=1e-6)


def test_impossible_transformers_are_refused():
    with pytest.raises(ValueError, match="width 8 is not shared evenly by 3 heads"):
        ia.RestrictedTransformer([[0]], [[0]], [(0,)], width=8, n_heads=3)
    with pytest.raises(ValueError, match="subset 0 sees no column on the asked side"):
        ia.RestrictedTransformer([[0], [1]], [[], [0]], [(0,), (0, 1)], width=8, n_heads=2)
    with pytest.raises(ValueError, match="2 subsets on the given side, 1 on the asked side"):
        ia.RestrictedTransformer([[0], [1]], [[0]], [(0,), (0, 1)], [(0,)], width=8, n_heads=2)
