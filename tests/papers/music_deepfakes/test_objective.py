"""What a detector is trained to do: the order of files, and what a mistake costs."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.papers.music_deepfakes.method import detectors, objective


def first(iterator, n):
    return [item for _, item in zip(range(n), iterator, strict=False)]


@given(n_clips=st.integers(1, 20), n_encoders=st.integers(2, 10), seed=st.integers(0, 50))
def test_labels_alternate_and_consecutive_files_are_different_songs(n_clips, n_encoders, seed):
    files = first(objective.alternating_files(n_clips, n_encoders, np.random.default_rng(seed)), 6 * n_clips)
    assert [encoder > 0 for _, encoder in files] == [True, False] * (3 * n_clips)
    assert max(encoder for _, encoder in files) < n_encoders
    # Every round through the clips has each once.
    for start in range(0, len(files), n_clips):
        assert sorted(clip for clip, _ in files[start : start + n_clips]) == list(range(n_clips))


def test_decoders_are_drawn_evenly():
    files = first(objective.alternating_files(5, 4, np.random.default_rng(0)), 6_000)
    counts = Counter(encoder for _, encoder in files)
    assert counts[0] == 3_000
    # Binomial with mean 1,000 and standard deviation 26: five of them.
    assert all(abs(counts[encoder] - 1_000) < 130 for encoder in (1, 2, 3))


def test_the_loss_by_hand():
    # Logits of 0: log 2 for the first head, log 3 for three encoders.
    encoder = torch.tensor([0, 1, 2, 0])
    both = detectors.Outputs(torch.zeros(4), torch.zeros(4, 3))
    expected = np.log(2) + 0.2 * np.log(3)
    assert float(objective.detector_loss(both, encoder, 0.2)) == pytest.approx(expected, abs=1e-6)
    alone = detectors.Outputs(torch.zeros(4), None)
    assert float(objective.detector_loss(alone, encoder)) == pytest.approx(np.log(2), abs=1e-6)


def test_the_first_head_says_human_and_the_second_which_decoder():
    # By hand: sure and right costs nothing; sure and wrong costs the logit.
    encoder = torch.tensor([0, 2])
    sure = detectors.Outputs(torch.tensor([50.0, -50.0]), 50 * torch.eye(3)[encoder])
    assert float(objective.detector_loss(sure, encoder)) == pytest.approx(0, abs=1e-6)
    wrong = detectors.Outputs(torch.tensor([-50.0, 50.0]), None)
    assert float(objective.detector_loss(wrong, encoder)) == pytest.approx(50, abs=1e-4)
    other = detectors.Outputs(torch.tensor([50.0, -50.0]), 50 * torch.eye(3)[[1, 1]])
    assert float(objective.detector_loss(other, encoder, 0.5)) == pytest.approx(25, abs=1e-4)


@pytest.mark.parametrize(("n_clips", "n_encoders"), [(0, 3), (3, 1)])
def test_files_of_nothing_are_refused(n_clips, n_encoders):
    with pytest.raises(ValueError, match="expected a clip and a decoder at least"):
        next(objective.alternating_files(n_clips, n_encoders, np.random.default_rng(0)))


def test_a_constant_is_silence_and_what_moves_by_more_is_none():
    # -80 dB of full scale is 1e-4: half the distance between the extremes.
    edge = np.array([[0.5, 0.5 + 1.9e-4], [0.5, 0.5 + 2.1e-4]])
    assert objective.is_silent(edge).tolist() == [True, False]
    assert objective.is_silent(np.array([[0.0, 2e-4]])).tolist() == [False]  # at the bound itself
    with pytest.raises(ValueError, match=r"shape \(2,\), expected"):
        objective.is_silent(edge[0])
