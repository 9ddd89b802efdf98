"""Finding, following and cutting out faces; still pictures of every kind."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from soundreasons.learning.strays import RefuseStrays
from soundreasons.media import video
from soundreasons.papers import mesonet
from soundreasons.papers.mesonet.data import faces as following
from soundreasons.papers.mesonet.data.landmarks import LandmarkNetwork, search
from soundreasons.papers.mesonet.data.pictures import PictureError, nearest, read_picture
from soundreasons.papers.mesonet.method.alignment import Placement, crop, crop_matrix, placement

UPRIGHT = np.array([[-20, -30], [20, -30], [0, 0], [-15, 25], [15, 25]], dtype=float)


def turned(points, degrees):
    """Points turned clockwise as seen (y points down)."""
    angle = np.radians(degrees)
    return points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


# -- alignment ---------------------------------------------------------------------------------------


def test_size_and_centre_are_the_formulas():
    # By hand: eyes 40 apart, mouth 55 below them: 2.2 * 55 = 121. Nose 30 below the eyes, bridge half-way:
    # their mean lies 22.5 below the eyes, which is -7.5, floored -8.
    assert placement(UPRIGHT) == Placement(0.0, -8.0, 121.0, 0.0)


def test_the_distance_of_the_eyes_counts_when_it_is_the_larger():
    wide = UPRIGHT * [3, 1]
    assert placement(wide).size == np.floor(2.2 * 120)


@given(degrees=st.floats(-80, 80), x=st.floats(100, 500), y=st.floats(100, 500), scale=st.floats(0.5, 4))
def test_a_crop_is_upright_whatever_the_roll(degrees, x, y, scale):
    points = turned(UPRIGHT, degrees) * scale + [x, y]
    where = placement(points)
    # roll is +r when the chin points to the right: that is a turn counter-clockwise, by -r clockwise.
    assert where.roll == pytest.approx(-degrees, abs=1e-6)
    matrix = crop_matrix(where, 128)
    to_crop = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
    left, right, _, *mouth = (np.column_stack([points, np.ones(5)]) @ to_crop.T).tolist()
    assert left[1] == pytest.approx(right[1], abs=1e-6)
    assert left[0] < right[0]
    assert (mouth[0][1] + mouth[1][1]) / 2 > left[1]


def test_points_that_coincide_are_no_face():
    with pytest.raises(ValueError, match="coincide"):
        placement(np.zeros((5, 2)))


def test_a_crop_inside_the_picture_is_the_picture():
    pixels = np.random.default_rng(0).integers(0, 255, (80, 80, 3), dtype=np.uint8)
    found = crop(pixels, Placement(39.5, 39.5, 40, 0.0), 40, margin=1.0)
    assert np.array_equal(found, pixels[20:60, 20:60])


@pytest.mark.parametrize("side", [32, 64, 256])
def test_a_crop_beyond_the_border_is_mirrored_not_black(side):
    pixels = np.full((60, 60, 3), 200, dtype=np.uint8)
    assert crop(pixels, Placement(5, 5, 50, 20.0), side).min() > 190


# -- landmarks ----------------------------------------------------------------------------------------


def test_a_landmark_network_stays_on_one_device():
    network = LandmarkNetwork().to("meta")
    with RefuseStrays():
        score, points = network(torch.empty(3, 3, 48, 48, device="meta"))
    assert (score.shape, points.shape) == ((3,), (3, 5, 2))


def test_no_face_in_noise_or_in_a_tiny_picture(real):
    real("mtcnn_landmarks")
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    assert search(noise) == []
    assert search(np.zeros((8, 8, 3), np.uint8)) == []


@pytest.mark.parametrize("wrong", [np.zeros((9, 9)), np.zeros((9, 9, 3)), np.zeros((9, 9, 4), np.uint8)])
def test_what_is_no_rgb_picture_is_refused(wrong):
    with pytest.raises(ValueError, match="expected \\(height, width, 3\\) of uint8"):
        search(wrong)


@pytest.fixture
def pexels(real):
    real("mtcnn_landmarks")
    return real("talking_faces_pexels").folder


def test_a_face_is_found_in_every_sampled_frame(pexels):
    clips, damage = following.faces_of_video(pexels / "single_face.mp4", n_frames=12, side=64)
    assert damage == ""
    assert clips[0].crops.shape == (12, 64, 64, 3)
    assert clips[0].is_key.sum() <= 1


def test_two_people_side_by_side_are_two_tracks(pexels):
    one, _ = video.sample(pexels / "single_face.mp4", 6)
    other, _ = video.sample(pexels / "WolfgangLanger_Pexels.mp4", 6)
    together = [np.hstack([a.pixels, b.pixels]) for a, b in zip(one, other, strict=True)]
    tracks = following.follow(together)
    assert min(len(track.numbers) for track in tracks[:2]) >= 5  # she hides behind her hands for a while
    sides = sorted(track.faces[0].centre[0] > 640 for track in tracks[:2])
    assert sides == [False, True]


def test_a_face_that_vanishes_and_comes_back_is_found_again(pexels):
    frames = [frame.pixels for frame in video.sample(pexels / "single_face.mp4", 12)[0]]
    for gap in (2, 6):  # shorter and longer than the patience
        broken = [f if not 3 <= n < 3 + gap else np.zeros_like(f) for n, f in enumerate(frames)]
        tracks = following.follow(broken)
        seen = sorted(n for track in tracks for n in track.numbers)
        assert seen == [n for n in range(12) if not 3 <= n < 3 + gap]
        assert len(tracks) == (1 if gap == 2 else 2)


def test_points_move_with_the_picture(pexels):
    # Mirroring swaps left and right; the points must follow to within a few pixels.
    pixels = video.sample(pexels / "single_face.mp4", 1)[0][0].pixels
    plain, mirrored = search(pixels)[0], search(np.ascontiguousarray(pixels[:, ::-1]))[0]
    back = mirrored.points * [-1, 1] + [pixels.shape[1] - 1, 0]
    assert np.abs(back[[1, 0, 2, 4, 3]] - plain.points).max() < 0.06 * plain.span


def test_a_video_without_a_face_gives_no_clip(real):
    real("mtcnn_landmarks")
    clip = video.encode(np.full((6, 64, 64, 3), 120, dtype=np.uint8))
    assert following.faces_of_video(clip) == ([], "")


# -- pictures -----------------------------------------------------------------------------------------


def test_sixteen_bits_are_scaled_and_transparency_lies_on_white(tmp_path):
    Image.fromarray(np.array([[0, 257 * 100, 65535]], dtype=np.uint16)).save(tmp_path / "deep.png")
    assert read_picture(tmp_path / "deep.png")[0, :, 0].tolist() == [0, 100, 255]
    half = np.array([[[10, 20, 30, 255], [10, 20, 30, 0]]], dtype=np.uint8)
    Image.fromarray(half).save(tmp_path / "clear.png")
    assert read_picture(tmp_path / "clear.png").tolist() == [[[10, 20, 30], [255, 255, 255]]]


def test_grey_palette_and_rotated_pictures_come_out_upright_rgb(tmp_path):
    grey = Image.fromarray(np.array([[0, 50], [100, 150], [200, 250]], dtype=np.uint8))
    grey.save(tmp_path / "grey.png")
    grey.convert("P").save(tmp_path / "palette.png")
    assert np.array_equal(read_picture(tmp_path / "grey.png"), read_picture(tmp_path / "palette.png"))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held sideways: turn clockwise to see it upright
    grey.save(tmp_path / "turned.png", exif=exif)
    found = read_picture(tmp_path / "turned.png")[..., 0]
    assert found.tolist() == [[200, 100, 0], [250, 150, 50]]


def test_what_is_no_picture_is_refused_by_name(tmp_path):
    (tmp_path / "empty.png").touch()
    Image.fromarray(np.zeros((90, 90, 3), np.uint8)).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:60])
    cases = {"empty.png": "no picture", "cut.png": "cut.png", "none.png": "does not exist", "": "directory"}
    for name, told in cases.items():
        with pytest.raises(PictureError, match=told):
            read_picture(tmp_path / name)


def test_nearest_takes_pixels_and_makes_none():
    pixels = np.random.default_rng(0).integers(0, 255, (7, 9, 3), dtype=np.uint8)
    found = nearest(pixels, 64).reshape(-1, 3)
    assert {tuple(p) for p in found.tolist()} <= {tuple(p) for p in pixels.reshape(-1, 3).tolist()}


def test_mesonet_is_the_public_door():
    assert mesonet.read_picture is read_picture
