"""What people do to sound: each change does what its name says, and no more."""

import numpy as np
import pytest
import scipy.signal
from numpy.testing import assert_allclose

from soundreasons.papers.music_deepfakes.testbed import manipulations
from soundreasons.papers.music_deepfakes.testbed.manipulations import MANIPULATIONS, biquad, manipulate

RATE = 44_100
NAMES = [m.name for m in MANIPULATIONS]


def tone(frequency, n=RATE):
    return (0.3 * np.sin(2 * np.pi * frequency * np.arange(n) / RATE)).astype(np.float32)


def pitch_of(sound):
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return spectrum.argmax() * RATE / len(sound)


def test_the_list_is_the_papers():
    assert NAMES == ["pitch", "stretch", "equaliser", "reverb", "noise", "mp3_64", "aac_64", "opus_64"]
    assert {m.name for m in MANIPULATIONS if m.robust} == {"stretch", "equaliser", "reverb"}


@pytest.mark.parametrize("name", NAMES)
def test_every_change_keeps_shape_and_is_repeatable(name):
    clips = np.random.default_rng(0).normal(0, 0.1, (2, 20_000)).astype(np.float32)
    once, again = (manipulate(clips, name, np.random.default_rng(7)) for _ in range(2))
    assert once.shape == clips.shape
    assert once.dtype == np.float32
    assert np.isfinite(once).all()
    assert_allclose(once, again)


@pytest.mark.parametrize("name", NAMES)
def test_every_change_leaves_silence_silent(name):
    changed = manipulate(np.zeros((1, 20_000), np.float32), name, np.random.default_rng(0))
    assert np.abs(changed).max() < (0.06 if name == "noise" else 1e-4)


def test_a_pitch_shift_is_one_or_two_semitones_either_way():
    semitones = set()
    for seed in range(12):
        shifted = manipulations.pitch(tone(1_000), np.random.default_rng(seed))
        found = 12 * np.log2(pitch_of(shifted) / 1_000)
        assert abs(found - round(found)) < 0.05
        semitones.add(round(found))
    assert semitones == {-2, -1, 1, 2}


def test_a_stretch_keeps_the_pitch():
    for seed in range(4):
        assert pitch_of(manipulations.stretch(tone(1_000), np.random.default_rng(seed))) == pytest.approx(
            1_000, rel=0.01
        )


def test_noise_has_the_papers_level():
    sound = tone(1_000)
    added = manipulations.noise(sound, np.random.default_rng(0)) - sound
    assert added.std() == pytest.approx(0.01, rel=0.02)


def gain_at(kind, frequency, shape, gain):
    b, a = biquad(kind, 1_000, shape, gain)
    _, response = scipy.signal.freqz(b, a, [2 * np.pi * frequency / RATE])
    return 20 * np.log10(abs(response[0]) + 1e-12)


@pytest.mark.parametrize(
    ("kind", "frequency", "expected"),
    # Closed forms: a shelf has half its gain (in dB) at the corner; a filter of quality 0.7 loses 3 dB there.
    [
        ("peak", 1_000, 12), ("peak", 10, 0), ("low_shelf", 10, 12), ("low_shelf", 1_000, 6),
        ("low_shelf", 20_000, 0),
        ("high_shelf", 10, 0), ("high_shelf", 1_000, 6), ("high_shelf", 20_000, 12),
        ("low_pass", 10, 0), ("low_pass", 1_000, -3.1), ("high_pass", 20_000, 0), ("high_pass", 1_000, -3.1),
        ("notch", 10, 0),
    ],
)  # fmt: skip
def test_filters_have_the_gain_of_the_cookbook(kind, frequency, expected):
    assert gain_at(kind, frequency, 0.7, 12) == pytest.approx(expected, abs=0.1)


def test_a_notch_takes_its_frequency_away():
    assert gain_at("notch", 1_000, 4, 0) < -60


def test_reverberation_rings_on_after_the_sound():
    sound = np.zeros(RATE, np.float32)
    sound[:100] = 0.5
    wet = manipulations.reverb(sound, np.random.default_rng(3))
    assert np.abs(wet[2_000:5_000]).max() > 1e-3
    assert np.abs(wet).max() <= 1


def test_the_papers_equaliser_applies_each_filter_in_a_third_of_the_cases():
    # None of six with probability (2/3)^6 = 0.088: the sound is then untouched.
    sound = tone(300, 2_000)
    untouched = sum(
        np.array_equal(manipulations.equaliser(sound, np.random.default_rng(s)), sound) for s in range(400)
    )
    assert 15 <= untouched <= 58  # four standard deviations around 35


def test_unknown_changes_are_refused():
    with pytest.raises(ValueError, match="manipulation is 'flanger', expected one of pitch"):
        manipulate(np.zeros((1, 100), np.float32), "flanger", np.random.default_rng(0))
    with pytest.raises(ValueError, match="kind is 'all_pass'"):
        biquad("all_pass", 1_000, 1, 0)
