"""The five views: against scipy, by shape, and what they refuse."""

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from soundreasons.learning.strays import RefuseStrays
from soundreasons.papers.music_deepfakes.method import front_ends


@pytest.fixture
def stereo():
    return np.random.default_rng(0).normal(0, 0.1, size=(front_ends.SNIPPET, 2)).astype(np.float32)


@pytest.mark.parametrize(("kind", "channels"), [("amplitude", 1), ("complex", 2), ("phase", 2), ("polar", 3)])
def test_a_snippet_of_078_s_is_64_frames_of_743_bins(stereo, kind, channels):
    # The paper's code: floor(2 * 16000 / 44100 * 1025) = 743 bins, 1 + (34398 - 2048) // 512 = 64 frames.
    view = front_ends.front_end(stereo, kind)
    assert view.shape == (64, 743, channels)
    assert view.dtype == np.float32


def test_the_waveform_is_scaled_by_its_usual_level(stereo):
    view = front_ends.front_end(stereo, "raw")
    assert view.shape == (front_ends.SNIPPET, 1)
    assert_allclose(view[:, 0], stereo.mean(axis=1) / 0.15, rtol=1e-6)


def test_the_spectrogram_agrees_with_scipy(stereo):
    # scipy scales by the sum of the window, pads unless told, and has frames last.
    mono = stereo.mean(axis=1).astype(np.float64)
    _, _, theirs = scipy.signal.stft(
        mono, nperseg=2048, noverlap=2048 - 512, window="hann", boundary=None, padded=False
    )
    theirs = theirs.T[:, :743] * scipy.signal.get_window("hann", 2048).sum()
    ours = front_ends.front_end(stereo, "complex")
    assert_allclose(3 * ours[..., 0], theirs.real, atol=1e-5)
    assert_allclose(3 * ours[..., 1], theirs.imag, atol=1e-5)


def test_the_amplitude_is_the_shifted_logarithm_of_the_power(stereo):
    parts = 3 * front_ends.front_end(stereo, "complex").astype(np.float64)
    power = np.clip(parts[..., 0] ** 2 + parts[..., 1] ** 2, 1e-10, 1e6)
    assert_allclose(front_ends.front_end(stereo, "amplitude")[..., 0], (np.log10(power) + 4) / 3, atol=1e-5)


def test_silence_is_the_lowest_amplitude_and_angle_zero():
    silence = np.zeros((front_ends.SNIPPET, 2), np.float32)
    polar = front_ends.front_end(silence, "polar")
    assert_allclose(polar[..., 0], 1)  # cosine
    assert_allclose(polar[..., 1], 0)  # sine
    assert_allclose(polar[..., 2], (-10 + 4) / 3)


@given(gain=st.floats(0.1, 10), seed=st.integers(0, 100))
def test_the_phase_does_not_hear_how_loud_it_is(gain, seed):
    sound = np.random.default_rng(seed).normal(0, 0.05, size=(4096, 2)).astype(np.float32)
    quiet, loud = (front_ends.front_end(np.float32(g) * sound, "phase") for g in (1.0, gain))
    # float32 leaves some 1e-4 where a bin is nearly empty; elsewhere nothing.
    assert np.median(np.abs(quiet - loud)) < 1e-5
    assert_allclose((quiet**2).sum(axis=-1), 1, atol=1e-5)


def test_one_channel_counts_as_two_equal_ones(stereo):
    one = stereo[:, :1]
    both = front_ends.front_end(np.repeat(one, 2, axis=1), "amplitude")
    assert_allclose(front_ends.front_end(one, "amplitude"), both)
    assert_allclose(front_ends.front_end(one[:, 0], "amplitude"), both)


def test_a_direct_current_stays_in_the_lowest_bins():
    constant = np.full((front_ends.SNIPPET, 2), 0.5, np.float32)
    view = front_ends.front_end(constant, "amplitude")[..., 0]
    assert view[:, :2].min() > view[:, 3:].max()


@pytest.mark.parametrize(
    ("signal", "kind", "rate", "told"),
    [
        (np.zeros((4096, 2)), "mel", 44_100, "kind is 'mel', expected one of amplitude"),
        (np.zeros((4096, 2)), "amplitude", 8_000, "sample_rate is 8000 Hz, expected 44100; resample"),
        (np.zeros((4096, 2)), "amplitude", 192_000, "sample_rate is 192000 Hz"),
        (np.zeros((4096, 6)), "amplitude", 44_100, r"shape \(4096, 6\), expected \(n, 2\)"),
        (np.zeros((100, 2)), "amplitude", 44_100, "lasts 0.002 s, a window needs 2048 samples"),
        (np.full((4096, 2), np.nan), "raw", 44_100, "8192 samples are NaN"),
        (np.zeros((2, 4096, 2)), "raw", 44_100, "expected"),
    ],
)
def test_what_is_no_sound_at_441_khz_is_refused(signal, kind, rate, told):
    with pytest.raises(ValueError, match=told):
        front_ends.front_end(signal, kind, rate)


@pytest.mark.parametrize("kind", front_ends.KINDS)
def test_every_view_stays_on_the_device_of_its_input(kind):
    with RefuseStrays():
        view = front_ends.features(torch.zeros(2, front_ends.SNIPPET, device="meta"), kind)
    assert view.device.type == "meta"
    assert view.shape[:2] == (2, front_ends.CHANNELS[kind])
