"""Every chapter's smoke run on a GPU beside that on the processor: `make test-gpu`, where there is one.

Not collected by `make test`, which must be the same everywhere. Two devices add in different orders, and
what is trained amplifies that: a measure agrees if intervals overlap, or if it differs by at most `TOLERANCE`
of its size. `SOUNDREASONS_GPU` names another device than "cuda"; "cpu" compares one thread with two, which
says how much of a difference comes from the order of additions alone.
"""

from __future__ import annotations

import os

import pytest
import torch

from soundreasons import measures, project, results, runner
from soundreasons.learning import device as device_module
from soundreasons.learning.loop import Step
from soundreasons.papers import mesonet

DEVICE = os.environ.get("SOUNDREASONS_GPU", "cuda")
TOLERANCE = 0.05
ROUNDING = 1e-6  # below this a measure is zero, and has no size to take a share of


@pytest.fixture(scope="session", autouse=True)
def there_is_one():
    device_module.resolve(DEVICE)  # an error that says what there is, before an hour of runs


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Run a chapter on a device; returns its results."""
    folder = tmp_path_factory.mktemp("runs")

    def run(slug: str, device: str, threads: int) -> results.Results:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SOUNDREASONS_RUNS", str(folder / f"{device}-{threads}"))
            target = runner.run(slug, "smoke", {"device": device}, threads=threads)
            return results.read(target / "results.json")

    return run


def agree(first: measures.Measure, second: measures.Measure) -> bool:
    """Whether two devices measured the same."""
    bounds = (first.low, first.high, second.low, second.high)
    if None not in bounds and first.low <= second.high and second.low <= first.high:
        return True
    return abs(first.mean - second.mean) <= ROUNDING + TOLERANCE * max(abs(first.mean), abs(second.mean))


@pytest.mark.parametrize("slug", project.slugs())
def test_a_gpu_measures_what_the_processor_measures(slug, runs):
    here, there = runs(slug, "cpu", 1), runs(slug, DEVICE, 2 if DEVICE == "cpu" else 1)
    assert here.measures.keys() == there.measures.keys()
    apart = {
        name: (kept.text(), there.measures[name].text())
        for name, kept in here.measures.items()
        if not agree(kept, there.measures[name])
    }
    assert not apart, f"{len(apart)} of {len(here.measures)} measures differ: {apart}"


@pytest.mark.skipif(not DEVICE.startswith("cuda"), reason="half precision with a scaled loss is CUDA's")
def test_half_precision_scales_its_loss():
    network = mesonet.Meso4(32).to(DEVICE)
    told = mesonet.method.recipe(network, mesonet.Training(mixed_precision=True))
    step = Step(told.loss_of, told.optimiser, told.loop, schedule=told.schedule)
    loss = step((torch.rand(4, 3, 32, 32, device=DEVICE), torch.ones(4, device=DEVICE)))
    assert step._scaler.is_enabled()
    assert loss.isfinite()
