"""Reading videos in any state, and writing clips that come back as they were."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from soundreasons.media import video
from soundreasons.media.video import VideoError


def moving(n_frames=24, height=48, width=64):
    """A grey square that walks to the right over a slope."""
    slope = np.linspace(40, 200, width, dtype=np.uint8)
    frames = np.broadcast_to(slope[:, np.newaxis], (n_frames, height, width, 3)).copy()
    for n, frame in enumerate(frames):
        frame[8:24, n : n + 16] = 90
    return frames


def written(path, frames, *, format="mp4", pix_fmt="yuv420p", codec="libx264", times=None):
    """Write a file with PyAV alone, at given times in hundredths of a second."""
    with av.open(str(path), "w", format=format) as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], pix_fmt
        stream.codec_context.time_base = Fraction(1, 100)
        for number, pixels in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture.pts = times[number] if times else 4 * number
            picture.time_base = Fraction(1, 100)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def test_light_compression_gives_grey_back_to_the_rounding_of_its_range():
    # Grey has no colour to lose: what is left is 8-bit RGB to limited-range YUV and back, one or two steps.
    frames = moving()
    back = video.decode(video.encode(frames, quantisation=0)).pixels
    assert np.abs(back.astype(int) - frames).max() <= 2


def test_heavier_quantisation_loses_more_and_takes_less_room():
    frames = moving()
    noisy = np.clip(frames + np.random.default_rng(0).normal(0, 12, frames.shape), 0, 255).astype(np.uint8)
    clips = [video.encode(noisy, quantisation=q) for q in (0, 23, 40)]
    losses = [np.abs(video.decode(c).pixels.astype(int) - noisy).mean() for c in clips]
    assert losses[0] < losses[1] < losses[2]
    assert len(clips[0]) > len(clips[1]) > len(clips[2])


def test_same_frames_same_bytes():
    assert video.encode(moving()) == video.encode(moving())


@pytest.mark.parametrize("interval", [1, 5, 12])
def test_key_frames_come_at_the_interval_asked_for(interval):
    clip = video.decode(video.encode(moving(24), key_interval=interval))
    assert np.flatnonzero(clip.is_key).tolist() == list(range(0, 24, interval))


def test_one_frame_is_a_video():
    frames, damage = video.sample(video.encode(moving(1)), 30)
    assert [(f.number, f.is_key) for f in frames] == [(0, True)]
    assert damage == ""


@given(total=st.integers(0, 5000), n=st.integers(1, 60))
def test_a_spread_is_ordered_inside_and_even(total, n):
    numbers = video.spread(total, n)
    assert len(numbers) == min(total, n)
    assert numbers == sorted(set(numbers))
    assert all(0 <= number < total for number in numbers)
    steps = np.diff(numbers)
    assert len(steps) == 0 or steps.max() - steps.min() <= 1


def test_a_sample_holds_the_frames_it_names():
    frames = moving(24)
    found, _ = video.sample(video.encode(frames, quantisation=0), 5)
    assert [f.number for f in found] == [2, 7, 12, 16, 21]
    for frame in found:
        assert np.abs(frame.pixels.astype(int) - frames[frame.number]).max() <= 2


def test_times_of_a_variable_rate_are_kept(tmp_path):
    times = [0, 4, 8, 50, 54, 120]
    path = written(tmp_path / "variable.mp4", moving(6), times=times)
    found, _ = video.sample(path, 10)
    assert [round(100 * f.time) for f in found] == times


def test_grey_video_has_three_equal_channels(tmp_path):
    path = written(tmp_path / "grey.mkv", moving(4), format="matroska", pix_fmt="gray")
    pixels = video.decode(path).pixels
    assert pixels.shape == (4, 48, 64, 3)
    assert (pixels[..., 0] == pixels[..., 2]).all()


@pytest.mark.parametrize(
    ("matrix", "corner"),
    # QuickTime's matrix maps (x, y) to (ax + cy, bx + dy); by hand: where the top left corner goes.
    [((0, 1, -1, 0), (0, -1)), ((0, -1, 1, 0), (-1, 0)), ((-1, 0, 0, -1), (-1, -1))],
    ids=["clockwise", "counter-clockwise", "half"],
)
def test_a_phones_rotation_is_applied(tmp_path, matrix, corner):
    frames = np.full((3, 32, 48, 3), 60, dtype=np.uint8)
    frames[:, :12, :12] = 220
    path = written(tmp_path / "phone.mp4", frames)
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 4 + 40  # version 0: the matrix begins 40 bytes into the box
    a, b, c, d = (struct.pack(">i", v << 16) for v in matrix)
    zero = struct.pack(">i", 0)
    content[place : place + 20] = a + b + zero + c + d
    path.write_bytes(bytes(content))
    pixels = video.decode(path).pixels[0]
    assert pixels.shape[:2] == ((48, 32) if matrix[0] == 0 else (32, 48))
    assert pixels[corner].mean() > 180
    assert pixels.mean() < 120


def test_a_truncated_file_gives_what_is_left_and_says_so(tmp_path):
    clip = video.encode(np.random.default_rng(0).integers(0, 255, (20, 48, 64, 3), dtype=np.uint8))
    frames, _ = video.sample(clip[: len(clip) // 2], 30, name="half.mkv")
    assert 0 < len(frames) < 20


def test_a_damaged_stream_gives_the_other_frames(tmp_path):
    clip = bytearray(video.encode(np.random.default_rng(0).integers(0, 255, (24, 48, 64, 3), dtype=np.uint8)))
    clip[len(clip) // 2 : len(clip) // 2 + 3000] = bytes(3000)
    with video.Video(bytes(clip), name="scratched.mkv") as opened:
        n_read = sum(1 for _ in opened.frames())
    assert 8 <= n_read <= 24


def test_an_mp4_without_its_index_is_refused_by_name(tmp_path):
    path = written(tmp_path / "whole.mp4", moving())
    (tmp_path / "cut.mp4").write_bytes(path.read_bytes()[:400])
    with pytest.raises(VideoError, match=r"cut\.mp4 is no video that can be opened"):
        video.sample(tmp_path / "cut.mp4", 5)


def test_sound_alone_is_refused_by_name(tmp_path):
    soundfile.write(tmp_path / "song.wav", np.zeros(8000), 8000)
    with pytest.raises(VideoError, match=r"song\.wav has no picture, only audio"):
        video.Video(tmp_path / "song.wav")


def test_what_is_no_file_is_refused_by_name(tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("no video")
    for name, told in [
        ("empty.mp4", "is empty"),
        ("text.mp4", "is no video"),
        ("none.mp4", "does not exist"),
        ("", "is a directory"),
    ]:
        with pytest.raises(VideoError, match=told):
            video.Video(tmp_path / name)
    with pytest.raises(VideoError, match="is empty"):
        video.Video(b"")


def test_impossible_clips_are_refused():
    for frames, settings, told in [
        ([], {}, "no frame"),
        (np.zeros((2, 15, 16, 3), np.uint8), {}, "15 by 16, expected even sides"),
        (np.zeros((2, 16, 16), np.uint8), {}, "expected all of one shape"),
        (np.zeros((2, 16, 16, 3)), {}, "uint8"),
        (moving(2), {"quantisation": 52}, "quantisation is 52"),
        (moving(2), {"key_interval": 0}, "key_interval 0"),
    ]:
        with pytest.raises(ValueError, match=told):
            video.encode(frames, **settings)
    with pytest.raises(ValueError, match="n_frames is 0"):
        video.sample(video.encode(moving(2)), 0)


def test_a_file_in_memory_is_closed_again():
    stream = io.BytesIO(video.encode(moving(3)))
    with video.Video(stream.getvalue()) as opened:
        assert opened.count() == 3
        assert len(list(opened.frames([1]))) == 1
