"""Section "Why decoders leave traces": lines of untrained stacks, and of decoders on music.

Chapter: music_deepfakes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.music_deepfakes.method import combs, fakeprints
from soundreasons.papers.music_deepfakes.method.front_ends import SAMPLE_RATE
from soundreasons.papers.music_deepfakes.testbed.stacks import stack_output, untrained_stack
from soundreasons.papers.music_deepfakes.testbed.twins import Twins

Floats = NDArray[np.float64]


def decoder_lines(twins: Twins, name: str, strides: Sequence[int], *, layers: int) -> Floats:
    """How far a decoder's lines stand above those of the same music, in dB, clip by clip of the test side.

    Only lines in the band of the fakeprint count, 5 to 16 kHz. Chapter: music_deepfakes.

    Parameters
    ----------
    twins : Twins
        From `testbed.make_twins`.
    name : str
        Version to look at.
    strides : sequence of int
        Of its decoder, from the first layer to the last.
    layers : int
        So many of the last layers are looked at: lines of the first ones are dense and weak.

    Returns
    -------
    ndarray, shape (n_clips,)
    """
    lines = combs.comb_frequencies(strides, SAMPLE_RATE, layers=layers)
    lines = lines[(lines > fakeprints.BAND[0]) & (lines < fakeprints.BAND[1])]
    heights = {
        version: [combs.line_heights(clip, lines, SAMPLE_RATE).mean() for clip in twins.part("test", version)]
        for version in ("real", name)
    }
    return np.subtract(heights[name], heights["real"], dtype=np.float64)


def stack_heights(stride_sets: Sequence[Sequence[int]], seeds: Sequence[int]) -> dict[str, Floats]:
    """Heights, in dB, of untrained stacks at the predicted places and between them: one median a stack."""
    found: dict[str, list[float]] = {"predicted": [], "between": []}
    for strides in stride_sets:
        lines = combs.comb_frequencies(strides, SAMPLE_RATE)
        between = lines[:-1] + 0.37 * np.diff(lines) if len(lines) > 1 else 0.63 * lines
        for seed in seeds:
            output = stack_output(untrained_stack(strides, seed), 2**17 // int(np.prod(strides)), seed)
            for name, places in (("predicted", lines), ("between", between)):
                found[name].append(float(np.median(combs.line_heights(output, places, SAMPLE_RATE))))
    return {name: np.array(values) for name, values in found.items()}
