"""The method taken to pieces: each variant does what its name says."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
import pytest
import torch

from soundreasons.papers.interpretable_attribution import experiments, fast, method
from soundreasons.papers.interpretable_attribution.data import toys
from soundreasons.papers.interpretable_attribution.experiments import ablation


@pytest.mark.parametrize("fit", [method.fit, fast.fit, ablation.fit_through_mixture, ablation.fit_by_level])
def test_other_labels_are_refused_before_anything_is_learned(fit):
    experts = experiments.toys.toy_experts(toys.toy("a"))
    before = copy.deepcopy(experts.state_dict())
    with pytest.raises(ValueError, match="label 0 is -1"):
        fit(experts, lambda: (torch.zeros(2, 2), -torch.ones(2)), 5)
    assert all(torch.equal(before[name], value) for name, value in experts.state_dict().items())


def test_levels_count_the_longest_chain():
    chain = method.strict_children([(0,), (1,), (0, 1), (0, 1, 2), (3,), (0, 1, 2, 3)])
    assert ablation.levels(chain).tolist() == [0, 0, 1, 2, 0, 3]


def test_sequential_training_freezes_the_level_below():
    problem = toys.toy("a")
    generator = torch.Generator().manual_seed(0)
    experts = experiments.toys.toy_experts(problem, generator)
    draw, seen = toys.stream(problem, generator), []

    def watching():
        x, labels = draw()
        seen.append(experts(torch.ones(1, 2))[0].detach().clone())
        return x, labels

    ablation.fit_by_level(experts, watching, 40)
    said = torch.stack(seen)
    # 1 look at the labels, 20 steps on the single features, 20 on both.
    assert (said[1:21, 2] == said[1, 2]).all()
    assert not (said[1:21, 0] == said[1, 0]).all()
    assert (said[21:, :2] == said[21, :2]).all()
    assert not (said[21:, 2] == said[21, 2]).all()


@pytest.mark.parametrize("name", ["em", "joined", "no_masks", "sequential"])
def test_runs_side_by_side_are_the_runs_of_their_seeds(name):
    variant = ablation.VARIANTS[name]
    several = experiments.toys.train_toys("c", [3, 1], 40, variant)
    for seed, run in zip((3, 1), several, strict=True):
        (alone,) = experiments.toys.train_toys("c", [seed], 40, variant)
        assert torch.allclose(run.outputs(run.points.x), alone.outputs(alone.points.x), atol=1e-4)
    assert several[0].experts.n_networks is None


def test_a_variant_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="variant is 'best', expected one of em"):
        ablation.ablate("a", [0], 10, "best")


def test_ablations_report_every_variant_and_seed():
    table = pd.concat(ablation.ablate("a", [0, 1], 100, variant) for variant in ("em", "no_masks"))
    assert table[["variant", "seed"]].to_numpy().tolist() == [
        ["em", 0], ["em", 1], ["no_masks", 0], ["no_masks", 1],
    ]  # fmt: skip
    assert (table.loc[table["variant"] == "em", "leak"] == 0).all()
    assert (table.loc[table["variant"] == "no_masks", "leak"] > 0).all()


@pytest.mark.parametrize(
    "how", [method.GENERIC_STEP, method.EStep(scale="batch"), method.EStep(keep_own=False)]
)
def test_training_through_the_mixture_refuses_what_it_would_not_use(how):
    experts = experiments.toys.toy_experts(toys.toy("a"))
    with pytest.raises(ValueError, match="only its gate may differ"):
        ablation.fit_through_mixture(experts, lambda: (torch.zeros(2, 2), torch.ones(2)), 5, how)


def test_the_loss_of_the_mixture_is_the_log_loss_of_its_mean():
    # By hand: outputs 0.5 and -0.5 with weights 3 and 1 mix to 0.25, a share of 0.625.
    logits = torch.atanh(torch.tensor([[0.5, -0.5]]))
    found = ablation.mixture_loss(logits, torch.ones(1), torch.tensor([[3.0, 1.0]]))
    assert float(found) == pytest.approx(-np.log(0.625), abs=1e-6)
