"""Fakeprints and combs: lengths, lines where arithmetic puts them, and the authors' own clips."""

import librosa
import numpy as np
import pytest
import scipy.interpolate
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from soundreasons.papers.music_deepfakes.method import combs, fakeprints
from soundreasons.papers.music_deepfakes.testbed import stacks

RATE = 44_100


def noise(seconds=2.0, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)


def test_a_fakeprint_at_441_khz_has_4087_values():
    values = fakeprints.fakeprint(noise(), RATE)
    assert values.shape == fakeprints.print_frequencies(RATE).shape == (4087,)
    assert values.min() >= 0
    assert values.max() <= 1


def test_a_tone_stands_out_at_its_own_frequency():
    time = np.arange(3 * RATE) / RATE
    tone = 0.1 * np.sin(2 * np.pi * 9_000 * time).astype(np.float32)
    curve = fakeprints.mean_spectrum(noise(3.0) + tone, RATE)
    peak = fakeprints.print_frequencies(RATE)[curve.argmax()]
    assert abs(peak - 9_000) < RATE / fakeprints.WINDOW
    assert fakeprints.fakeprint(noise(3.0) + tone, RATE)[curve.argmax()] == pytest.approx(1, abs=1e-5)


def test_the_envelope_runs_through_the_minima():
    # By hand: one peak in each window leaves nothing but zeros under it; far below, the floor holds.
    curve = np.zeros(100)
    curve[5::10] = 30.0
    assert_allclose(fakeprints.lower_envelope(curve), 0, atol=1e-9)
    assert_allclose(fakeprints.lower_envelope(curve - 60), -45)  # the follow-up's floor, in decibels


def test_a_fakeprint_is_what_the_description_says_step_by_step():
    # A slow twin with the numbers of the description: librosa's centred transform, ten bins a minimum, 5 dB.
    sound = noise(3.0) + 0.01 * np.sin(2 * np.pi * 9_000 * np.arange(3 * RATE) / RATE).astype(np.float32)
    spectra = librosa.stft(sound, n_fft=2**14, hop_length=2**13, window="hann", pad_mode="reflect")
    frequencies = librosa.fft_frequencies(sr=RATE, n_fft=2**14)
    band = (frequencies > 5_000) & (frequencies < 16_000)
    curve = (10 * np.log10(np.clip(np.abs(spectra[band]) ** 2, 1e-10, 1e6))).mean(axis=1)
    knots = {0, len(curve) - 1}
    for start in range(len(curve) - 9):
        knots.add(start + int(np.argmin(curve[start : start + 10])))
    places = sorted(knots)
    envelope = scipy.interpolate.make_interp_spline(places, curve[places], k=2)(np.arange(len(curve)))
    residual = np.clip(curve - np.maximum(envelope, -45), 0, 5)
    assert (curve - envelope).max() > 6, "nothing is cut"
    assert_allclose(fakeprints.fakeprint(sound, RATE), residual / residual.max(), atol=2e-3)


def test_the_height_of_a_line_is_its_peak_above_the_median_around_it(monkeypatch):
    # By hand, 1 dB a bin away from bin 100: its neighbour has 1, the median of 0, 1, 1, ..., 20, 20 is 10.
    slope = np.abs(np.arange(513.0) - 100)
    monkeypatch.setattr(combs, "mean_level", lambda signal, n_fft: slope)
    assert combs.line_heights(np.zeros(1024), np.array([100.0]), 1024, n_fft=1024).tolist() == [1 - 10]
    # A line one bin beside its place is found, and does not move the median.
    beside = np.zeros(513)
    beside[101] = 30.0
    monkeypatch.setattr(combs, "mean_level", lambda signal, n_fft: beside)
    assert combs.line_heights(np.zeros(1024), np.array([100.0]), 1024, n_fft=1024).tolist() == [30]


@given(gain=st.floats(0.2, 5.0))
def test_a_fakeprint_does_not_hear_how_loud_it_is(gain):
    sound = noise(1.0)
    louder = fakeprints.fakeprint(np.float32(gain) * sound, RATE)
    assert_allclose(louder, fakeprints.fakeprint(sound, RATE), atol=2e-3)


def test_two_equal_channels_print_like_one():
    sound = noise(1.0)
    stereo = np.repeat(sound[:, np.newaxis], 2, axis=1)
    assert_allclose(fakeprints.fakeprint(stereo, RATE), fakeprints.fakeprint(sound, RATE))


@pytest.mark.parametrize(
    ("signal", "rate", "told"),
    [
        (np.zeros(44_100), RATE, "silent"),
        (np.full(44_100, 0.5), RATE, "silent"),  # a direct current is no sound either
        (noise(0.2), RATE, "n at least 16384"),
        (np.full(44_100, np.nan), RATE, "44100 samples are NaN"),
        (noise(), 22_050, "sample_rate is 22050 Hz, expected more than 32000"),
        (np.zeros((2, 2, 44_100)), RATE, "expected"),
    ],
)
def test_what_cannot_be_printed_is_refused(signal, rate, told):
    with pytest.raises(ValueError, match=told):
        fakeprints.fakeprint(signal, rate)


@pytest.mark.parametrize("strides", [[2], [4], [2, 4], [4, 2], [8, 8, 2, 2], [5, 3]])
def test_lines_are_multiples_of_the_rate_over_the_product_of_strides(strides):
    lines = combs.comb_frequencies(strides, 16_000)
    step = 16_000 / np.prod(strides)
    assert_allclose(lines, step * np.arange(1, len(lines) + 1))
    assert lines.max() <= 8_000
    last = combs.comb_frequencies(strides, 16_000, layers=1)
    assert set(np.round(last, 6)) <= set(np.round(lines, 6))


@pytest.mark.parametrize("stride", [2, 4, 5, 8])
@pytest.mark.parametrize("seed", range(3))
def test_an_untrained_layer_with_bias_shows_its_lines_within_a_bin(stride, seed):
    # Zero insertion repeats the spectrum: what is constant comes back at the multiples of rate / stride.
    n_fft = 2**13
    output = stacks.stack_output(stacks.untrained_stack([stride], seed), 2**15 // stride, seed)
    level = combs.mean_level(output, n_fft)
    for frequency in combs.comb_frequencies([stride], RATE):
        near = round(frequency * n_fft / RATE)
        first = near - 30
        assert abs(first + int(level[first : near + 31].argmax()) - near) <= 1


def test_lines_do_not_depend_on_the_weights_but_on_the_strides():
    lines = combs.comb_frequencies([2, 4], RATE)
    elsewhere = lines[:-1] + 0.37 * np.diff(lines)
    for seed in range(4):
        output = stacks.stack_output(stacks.untrained_stack([2, 4], seed), 2**13, seed)
        on, off = (combs.line_heights(output, places, RATE) for places in (lines, elsewhere))
        assert np.median(on) > 10
        assert np.median(off) < 3


def test_repeating_samples_silences_the_last_layers_lines():
    # A box as long as the stride is zero at the multiples of rate / stride.
    frequencies = combs.comb_frequencies([2, 4], RATE, layers=1)
    heights = {
        kind: combs.line_heights(
            stacks.stack_output(stacks.untrained_stack([2, 4], 0, upsampling=kind), 2**13, 0),
            frequencies,
            RATE,
        )
        for kind in ("transposed", "nearest")
    }
    assert heights["nearest"].max() < heights["transposed"].min()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: combs.comb_frequencies([], 8000), "expected whole numbers from 1"),
        (lambda: combs.comb_frequencies([0, 2], 8000), "expected whole numbers from 1"),
        (lambda: combs.comb_frequencies([2], -1), "sample_rate is -1"),
        (lambda: combs.comb_frequencies([2], 8000, layers=2), "layers is 2, expected 1 to 1"),
        (lambda: stacks.untrained_stack([2], 0, upsampling="linear"), "upsampling is 'linear'"),
    ],
)
def test_impossible_combs_are_refused(call, told):
    with pytest.raises(ValueError, match=told):
        call()
