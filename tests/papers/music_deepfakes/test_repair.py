"""A detector that goes on learning under noise."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from soundreasons.papers.music_deepfakes.experiments import repair, training
from soundreasons.papers.music_deepfakes.experiments.training import Training

SHORT = Training(epochs=1, steps=24, batch_size=12, per_file=2, buffer=24, validation_steps=0, width=0.125)


@pytest.fixture(scope="module")
def trained(tiny):
    return training.train(tiny, "amplitude", SHORT, 0)


def test_half_of_each_batch_is_changed_and_the_old_detector_stays_as_it_was(tiny, trained, monkeypatch):
    changed = []

    def manipulate(clips, name, rng):
        changed.append((name, len(clips)))
        return np.zeros_like(clips)

    monkeypatch.setattr(repair, "manipulate", manipulate)
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    tuned = repair.tune(trained, tiny, "noise", replace(SHORT, steps=2), 0)
    # By hand: two steps and the six batches for the statistics, of twelve snippets each.
    assert changed == [("noise", 6)] * 8
    assert all(torch.equal(trained.state_dict()[name], value) for name, value in before.items())
    assert not torch.equal(tuned.deepfake.weight, trained.deepfake.weight)
    assert type(tuned) is type(trained)
