"""Devices, and the guard that stands in for a GPU."""

from __future__ import annotations

import pytest
import torch

from soundreasons.learning import device
from soundreasons.learning.strays import RefuseStrays, StrayTensorError


def guarded_step(*, inputs="meta", targets="meta", weights="meta", index="meta") -> None:
    """Forward, loss, backward, optimiser under the guard, with each part on a device of its own."""
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)).to("meta")
    optimiser = torch.optim.AdamW(model.parameters())
    rows = torch.arange(5, device=index)
    batch, target = torch.zeros(5, 4, device=inputs), torch.zeros(5, dtype=torch.long, device=targets)
    balance = torch.ones(3, device=weights)
    with RefuseStrays():
        loss = torch.nn.functional.cross_entropy(model(batch[rows]), target, weight=balance)
        loss.backward()
        optimiser.step()


def test_a_step_with_all_on_one_device_passes():
    guarded_step()


@pytest.mark.parametrize("stray", ["inputs", "targets", "weights", "index"])
def test_one_stray_tensor_is_refused(stray):
    with pytest.raises(StrayTensorError, match="on cpu, expected all on meta"):
        guarded_step(**{stray: "cpu"})


def test_auto_is_a_device_that_is_there():
    expected = "cuda:0" if torch.cuda.is_available() else "cpu"
    assert device.resolve("auto") == expected


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "CPU"])
def test_an_unknown_device_is_refused_with_those_allowed(name):
    with pytest.raises(ValueError, match="auto, cpu, mps, cuda or cuda:N"):
        device.resolve(name)


def test_a_device_that_is_not_there_is_refused_with_how_many_are(monkeypatch):
    monkeypatch.setattr(device, "_present", lambda: (1, False))
    assert device.resolve("cuda") == "cuda:0"
    with pytest.raises(ValueError, match="finds 1 CUDA devices"):
        device.resolve("cuda:1")
    with pytest.raises(ValueError, match="no Apple GPU"):
        device.resolve("mps")
