"""Sound files in, samples out: rates, channels, lossy codecs, and files that are none."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from soundreasons.media import decoding

RATE = 44_100


def tone(frequency=440.0, seconds=0.5, rate=RATE, channels=2):
    time = np.arange(round(seconds * rate)) / rate
    return np.repeat(0.3 * np.sin(2 * np.pi * frequency * time)[:, np.newaxis], channels, axis=1).astype(
        np.float32
    )


def wave(samples, rate):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


def test_a_wave_file_comes_back_as_it_was():
    assert_allclose(decoding.decode(wave(tone(), RATE)).samples, tone(), atol=1e-7)


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000, 96_000, 192_000])
def test_any_rate_becomes_441_khz(rate):
    decoded = decoding.decode(wave(tone(seconds=1.0, rate=rate), rate))
    assert decoded.sample_rate == RATE
    assert len(decoded.samples) == RATE
    middle = slice(2_000, -2_000)  # a resampler's filter needs sound on both sides
    assert_allclose(decoded.samples[middle], tone(seconds=1.0)[middle], atol=2e-3)


def test_one_channel_becomes_two_equal_ones_at_the_same_level():
    decoded = decoding.decode(wave(tone(channels=1), RATE))
    assert_allclose(decoded.samples, tone(), atol=1e-7)


def test_five_and_one_channels_are_folded_to_two():
    six = np.zeros((RATE, 6), np.float32)
    six[:, 0] = tone(seconds=1.0)[:, 0]  # front left
    left, right = decoding.decode(wave(six, RATE)).samples.T
    assert np.abs(left).max() > 0.05
    assert_allclose(right, 0, atol=1e-6)


def test_a_part_is_the_part_of_the_whole():
    whole = decoding.decode(wave(tone(), RATE)).samples
    part = decoding.decode(wave(tone(), RATE), start=0.1, duration=0.2).samples
    assert_allclose(part, whole[4_410:13_230])


@pytest.mark.parametrize("codec", list(decoding.LOSSY))
@pytest.mark.parametrize("channels", [1, 2])
def test_a_lossy_codec_keeps_shape_place_and_most_of_the_sound(codec, channels):
    sound = tone(1_000, seconds=1.0, channels=channels)
    coded = decoding.transcode(sound, RATE, codec, 128)
    assert coded.shape == sound.shape
    middle = slice(8_000, -8_000)
    error = ((coded - sound)[middle] ** 2).mean() / (sound[middle] ** 2).mean()
    assert error < 0.01  # 20 dB: one sample of delay alone would be an error of 0.02
    assert decoding.transcode(sound[:, 0], RATE, codec, 128).shape == (RATE,)


@given(length=st.integers(2_000, 30_000), codec=st.sampled_from(list(decoding.LOSSY)))
def test_any_length_comes_back(length, codec):
    assert decoding.transcode(np.zeros((length, 1), np.float32), RATE, codec, 64).shape == (length, 1)


def test_a_file_that_ends_too_early_gives_what_is_there():
    encoded = decoding.encode(tone(seconds=2.0), RATE, "mp3", 128)
    decoded = decoding.decode(encoded[: len(encoded) // 2])
    assert 0.5 * RATE < len(decoded.samples) < 1.5 * RATE


@pytest.mark.parametrize("content", [b"", b"no sound at all" * 50, b"OggS" + bytes(100)])
def test_what_is_no_sound_is_refused(content, tmp_path):
    path = tmp_path / "file.mp3"
    path.write_bytes(content)
    with pytest.raises(decoding.SoundError, match=r"file\.mp3 .*(cannot be decoded|holds no sound)"):
        decoding.decode(path)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: decoding.decode("nowhere.mp3"), "nowhere.mp3 is no file"),
        (lambda: decoding.decode(wave(tone(), RATE), start=9.0), "holds no sound after 9.0 s"),
        (lambda: decoding.decode(wave(tone(), RATE), start=-1.0), "start is -1.0 s"),
        (lambda: decoding.resample(tone(), 0, RATE), "rates are 0 and 44100 Hz"),
        (lambda: decoding.encode(tone(), RATE, "flac", 64), "codec is 'flac', expected one of mp3"),
        (lambda: decoding.encode(tone(channels=6), RATE, "mp3", 64), r"shape \(22050, 6\)"),
        (lambda: decoding.encode(np.full(9, np.nan), RATE, "mp3", 64), "NaN"),
        (lambda: decoding.encode(tone(), 1_234, "mp3", 64), "mp3 refuses 1234 Hz"),
        (lambda: decoding.encode(np.zeros(0), RATE, "mp3", 64), "not empty"),
    ],
)
def test_impossible_requests_are_refused(call, told):
    with pytest.raises(decoding.SoundError, match=told):
        call()
