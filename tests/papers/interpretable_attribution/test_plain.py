"""The plain counterpart of the experts, and methods that explain it afterwards."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch

from soundreasons.papers.interpretable_attribution import fast
from soundreasons.papers.interpretable_attribution.data import toys
from soundreasons.papers.interpretable_attribution.experiments import plain, post_hoc
from soundreasons.papers.interpretable_attribution.experiments import toys as toys_experiments


def test_plain_networks_learn_together_what_they_learn_alone():
    problem = toys.toy("a")
    together = plain.train_plain_toys("a", [0, 4], 60)
    for seed, network in zip((0, 4), together, strict=True):
        generator = torch.Generator().manual_seed(seed)
        alone = plain.plain_network(2, [24, 24], generator=generator)
        draw = toys.stream(problem, generator)
        draw()  # the batch whose labels are looked at
        network_loss = functools.partial(plain.plain_loss, alone)
        fast.descend(alone.parameters(), lambda batch, loss=network_loss: loss(*batch), draw, 60, 1e-3)
        x = torch.randn(50, 2)
        assert torch.allclose(network(x), alone(x), atol=1e-4)


def test_accuracy_of_a_plain_network():
    points = toys.Points(torch.tensor([[1.0], [-1.0], [2.0]]), torch.tensor([1.0, 1.0, 1.0]), torch.zeros(3))
    assert plain.plain_accuracy(torch.nn.Identity(), points) == pytest.approx(2 / 3)


def test_networks_refuse_other_labels_together():
    with pytest.raises(ValueError, match=r"label \(0, 0\) is 2"):
        plain.fit_plain_together([], lambda: (torch.zeros(1, 2, 2), torch.full((1, 2), 2.0)), 5)


def test_a_post_hoc_method_is_right_where_it_names_exactly_the_right_features(monkeypatch):
    problem = toys.toy("a")
    points = toys.draw_points(problem, 12, torch.Generator().manual_seed(0))
    told = np.where(post_hoc.right_features(problem, points)[:8], 1.0, 0.2)
    told[0] = [1.0, 0.9]  # names both
    monkeypatch.setattr(post_hoc, "post_hoc", lambda method, network, x, background, seed: told[: len(x)])
    assert post_hoc.post_hoc_right("lime", torch.nn.Identity(), problem, points, 8) == 7 / 8


def test_post_hoc_methods_on_a_network_that_can_be_read():
    # logit = 4 relu(x0): only feature 0 counts, by exactly 4 x0 where x0 > 0.
    network = plain.plain_network(2, [1])
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[1.0, 0.0]]))
        network[2].weight.fill_(4.0)
    x = torch.tensor([[1.0, 2.0], [0.5, -1.0]])
    background = torch.zeros(40, 2)
    background[:, 1] = torch.linspace(-1, 1, 40)
    for method in ("input_x_gradient", "integrated_gradients", "deeplift", "shapley_sampling", "kernel_shap"):
        found = post_hoc.post_hoc(method, network, x, background)
        assert found == pytest.approx(np.array([[4, 0], [2, 0]]), abs=1e-3), method
    assert post_hoc.post_hoc("gradient", network, x, background).tolist() == [[4, 0], [4, 0]]
    named = post_hoc.named_features(post_hoc.post_hoc("lime", network, x, background + torch.randn(40, 2)))
    assert named[0].tolist() == [True, False]
    with pytest.raises(ValueError, match="method is 'guess'"):
        post_hoc.post_hoc("guess", network, x, background)


def test_right_means_exactly_the_right_features():
    problem = toys.toy("d")
    points = toys.draw_points(problem, 8, torch.Generator().manual_seed(0))
    assert post_hoc.right_features(problem, points).astype(int).tolist() == (
        [[1, 0, 0, 0]] * 2 + [[0, 1, 0, 0]] * 2 + [[0, 0, 1, 1]] * 4
    )


def test_the_cost_of_the_explanation_is_told_in_points(monkeypatch):
    points = toys.Points(torch.tensor([[1.0], [-1.0]]), torch.tensor([1.0, 0.0]), torch.zeros(2))
    run = toys_experiments.ToyRun(toys.toy("a"), None, points, None)
    monkeypatch.setattr(plain, "score_toy", lambda run: {"accuracy": 0.93})
    found = plain.cost_of_toys({"a": [torch.nn.Identity()]}, {"a": [run]})
    # The identity is right at both points; the experts at 93 of 100.
    assert found.to_dict("records") == [{"toy": "a", "plain_accuracy": 1.0, "cost": 7.0}]
