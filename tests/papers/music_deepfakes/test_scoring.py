"""Scores and decisions: counted by hand, with detectors whose rule is known."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from soundreasons.papers.music_deepfakes.experiments import processing, scoring
from soundreasons.papers.music_deepfakes.method.front_ends import SNIPPET


def test_tracks_weigh_the_same_and_classes_too():
    # Two tracks; by hand: fakes 1/2 and 1 detected, humans 0 and 1/2 called synthetic.
    tracks = np.array([4, 4, 9, 9])
    scores = {
        "real": np.array([[0.9], [0.8], [0.2], [0.7]]),
        "a": np.array([[0.1], [0.9], [0.2], [0.3]]),
    }
    assert scoring.detected(scores, tracks, ["a"]).tolist() == [50, 100]
    assert scoring.false_alarms(scores, tracks).tolist() == [0, 50]
    assert scoring.accuracy(scores, tracks, ["a"]).tolist() == [75, 75]
    table = scoring.class_table({"base": scores}, tracks)
    assert table.loc["base"].to_dict() == {"real": 75.0, "a": 75.0}
    changed = {"none": scores, "noise": {"real": scores["real"], "a": np.full((4, 1), 0.9)}}
    lost, alarms = processing.losses(changed, tracks, ["a"])["noise"]
    assert lost.tolist() == [50, 100]
    assert alarms.tolist() == [0, 0]


def test_scores_are_the_detector_s_in_order_and_silence_has_none(oracle):
    level = oracle(lambda mono: mono.abs().amax(dim=1))
    snippets = np.outer([0.2, 0.0, 0.9], np.sin(np.arange(SNIPPET))).astype(np.float32)
    found = scoring.snippet_scores(level, snippets, batch_size=2)
    assert_allclose(found, [0.2, np.nan, 0.9], atol=1e-3)


def test_clips_are_scored_at_their_ends_version_by_version(oracle):
    # The mean of a ramp tells which snippet was heard: by hand, from 0 and from 100 on.
    ramp = np.arange(SNIPPET + 100, dtype=np.float32) / 1e6
    place = oracle(lambda mono: mono[:, 0] * 1e4 / 2)
    found = scoring.clip_scores(place, {"a": ramp[np.newaxis], "b": ramp[np.newaxis] + 1e-4}, 2)
    assert_allclose(found["a"], [[0.0, 0.5]], atol=1e-4)
    assert_allclose(found["b"], [[0.5, 1.0]], atol=1e-4)


def test_the_test_side_alone_is_scored(tiny, oracle):
    bright = oracle(lambda mono: (torch.fft.rfft(mono).abs()[:, -5_000:].mean(dim=1) > 1).float())
    found = scoring.side_scores(bright, tiny, 1)
    assert {name: values.shape for name, values in found.items()} == dict.fromkeys(tiny.clips, (8, 1))
    assert found["real"].min() > 0.99
    assert found["codec_low"].max() < 0.01


def test_an_interval_holds_its_mean_and_needs_two_tracks():
    found = scoring.interval(np.array([1.0, 2.0, 3.0, 6.0]), 0)
    assert found.mean == 3
    assert 1 <= found.low <= 3 <= found.high <= 6
    assert scoring.interval(np.array([0.1, 0.1, 0.1]), 0) == (pytest.approx(0.1),) * 3
    with pytest.raises(ValueError, match="too few for an interval"):
        scoring.interval(np.array([1.0]), 0)
