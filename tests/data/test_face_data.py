"""Reader of the ORL photographs, and what the faces' entries promise."""

from __future__ import annotations

import numpy as np
import pytest

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder
from soundreasons.data.readers import faces

PIXELS = np.arange(112 * 92).reshape(112, 92).astype(np.uint8)  # every value, 10 and 13 among them
HEADER = b"P5\n92 112\n255\n"


def folder(tmp_path, content):
    paths = {}
    for person in range(1, 41):
        for number in range(1, 11):
            path = tmp_path / f"{person}-{number}.pgm"
            path.write_bytes(content)
            paths[f"s{person}/{number}.pgm"] = path
    return Folder("orl_faces", paths)


def test_pictures_are_read_in_the_order_of_people(tmp_path):
    found = faces.read_orl(folder(tmp_path, HEADER + PIXELS.tobytes()))
    assert found.pictures.shape == (40, 10, 112, 92)
    assert np.array_equal(found.pictures[7, 3], PIXELS)


def test_a_copy_that_went_through_a_text_conversion_is_repaired(tmp_path):
    # Many of the published copies have every byte 10 turned into 13 10, in the pixels too.
    content = (HEADER + PIXELS.tobytes()).replace(b"\n", b"\r\n")
    assert len(content) > len(HEADER) + PIXELS.size
    assert np.array_equal(faces.read_orl(folder(tmp_path, content)).pictures[0, 0], PIXELS)


@pytest.mark.parametrize(
    "content",
    [b"", HEADER, b"P6\n92 112\n255\n" + PIXELS.tobytes(), b"P5\n112 92\n255\n" + PIXELS.tobytes()],
    ids=["empty", "no pixels", "colour", "lying"],
)
def test_what_is_no_such_picture_is_refused_by_name(tmp_path, content):
    with pytest.raises(DataError, match=r"1-1\.pgm has the header"):
        faces.read_orl(folder(tmp_path, content))


def test_the_photographs_are_forty_people(real):
    pictures = real("orl_faces").pictures
    assert pictures.shape == (40, 10, 112, 92)
    # Photographs of one person are more alike than those of different ones.
    vectors = pictures.reshape(40, 10, -1).astype(float)
    means = vectors.mean(axis=1)
    within = np.linalg.norm(vectors - means[:, None], axis=2).mean()
    assert np.linalg.norm(means[:, None] - means[None], axis=2).mean() > within
