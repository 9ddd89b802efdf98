"""Small things that whole trainings would not notice."""

from __future__ import annotations

import pytest
import torch

from soundreasons.papers.interpretable_attribution import fast, method
from soundreasons.papers.interpretable_attribution.method import skip_scores, transformer

SUBSETS = [(0,), (1,), (0, 1)]


def restricted(form, seed=0):
    return form([[0, 1], [2]], SUBSETS, [5], generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("form", [method.RestrictedExperts, fast.RestrictedExperts])
def test_weights_alone_are_saved(form):
    model = restricted(form)
    assert set(model.state_dict()) == set(dict(model.named_parameters()))


def test_the_weights_of_a_transformer_alone_are_saved():
    sizes = transformer.TransformerSize(width=8, n_heads=2, n_layers=1)
    model = transformer.RestrictedTransformer([[0], [1]], [[0], [1]], [(0,), (0, 1)], size=sizes)
    assert set(model.state_dict()) == set(dict(model.named_parameters()))


def test_experts_learn_at_one_thousandth():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(32, 3, generator=generator)
    labels = (x[:, 0] > 0).float()
    models = [restricted(method.RestrictedExperts) for _ in range(2)]
    method.fit(models[0], lambda: (x, labels), 3)
    method.fit(models[1], lambda: (x, labels), 3, learning_rate=1e-3)
    assert torch.equal(models[0](x), models[1](x))


def test_the_first_asked_track_counts_and_not_the_last():
    assert skip_scores.first_accuracy([[1, 0, 0], [1, 1, 0], [0, 0, 1], [1, 0, 0]]) == 0.75


def test_what_is_recalled_from_the_given_side_is_added():
    torch.manual_seed(0)
    layer = transformer.AskedLayer(3, 8, 2)
    x, memory = torch.randn(1, 4, 3), torch.randn(1, 6, 8)
    own = layer.carry(x) + layer.attend(x, x, None)
    own = torch.nn.functional.layer_norm(own, own.shape[-1:])
    mixed = own + layer.recall(own, memory, None)
    expected = layer.feed(torch.nn.functional.layer_norm(mixed, mixed.shape[-1:]))
    assert torch.allclose(layer(x, memory), expected, atol=1e-6)
