"""Lines of decoders: where a tone is added, and where nobody trained anything."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from soundreasons.papers.music_deepfakes.experiments import traces
from soundreasons.papers.music_deepfakes.testbed import stacks
from soundreasons.papers.music_deepfakes.testbed.twins import Twins


def test_lines_of_a_decoder_are_measured_against_the_same_music(tiny):
    # A stride of 4 leaves a line at a quarter of the rate; a tone there must show, and human music has none.
    time = np.arange(tiny.clips["real"].shape[1]) / 44_100
    with_tone = (tiny.clips["real"] + 0.02 * np.sin(2 * np.pi * 11_025 * time)).astype(np.float32)
    changed = Twins(**{**vars(tiny), "clips": {**tiny.clips, "other": with_tone}})
    assert traces.decoder_lines(changed, "other", [4], layers=1).min() > 10
    assert_allclose(traces.decoder_lines(changed, "real", [4], layers=1), 0)


def test_untrained_stacks_have_lines_where_they_must_and_none_between():
    found = traces.stack_heights([[2], [2, 4]], range(2))
    assert {name: values.shape for name, values in found.items()} == {"predicted": (4,), "between": (4,)}
    assert found["predicted"].min() > 10
    assert found["between"].max() < 3


@pytest.mark.parametrize("stride", [2, 3, 5, 8])
@pytest.mark.parametrize("kind", ["transposed", "nearest"])
def test_either_upsampler_multiplies_the_length_by_its_stride(kind, stride):
    import torch

    layers = torch.nn.Sequential(*stacks.upsampler(2, 3, stride, kind))
    assert layers(torch.zeros(1, 2, 7)).shape == (1, 3, 7 * stride)
