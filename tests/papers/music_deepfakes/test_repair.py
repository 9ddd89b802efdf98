"""A detector that goes on learning under noise."""

import pytest

from soundreasons.papers.music_deepfakes.experiments import processing, repair, scoring, training
from soundreasons.papers.music_deepfakes.experiments.training import Training

SHORT = Training(epochs=1, steps=24, batch_size=12, per_file=2, buffer=24, validation_steps=0, width=0.125)


@pytest.fixture(scope="module")
def trained(tiny):
    return training.train(tiny, "amplitude", SHORT, 0)


def test_training_on_noise_makes_noise_bearable_and_leaves_the_old_detector_alone(tiny, trained):
    tracks, fakes = tiny.track_rows("test"), tiny.labels[1:]
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    tuned = repair.tune(trained, tiny, "noise", SHORT, 0)
    assert all(bool((trained.state_dict()[name] == value).all()) for name, value in before.items())
    found = processing.changed_scores({"before": trained, "after": tuned}, tiny, 0, ["noise"])
    right = {who: scoring.accuracy(by["noise"], tracks, fakes).mean() for who, by in found.items()}
    assert right["after"] > 90
    assert right["after"] >= right["before"]
