"""The networks of the paper, in the form that experiments train.

Same names, same signatures and, number by number, same values and gradients as in `method`; a test compares
them. The maximum of what is cut at zero is the maximum, cut at zero: so a block pools first, and the cut,
there and back, costs a quarter. Chapter: music_deepfakes.
"""

from torch import Tensor, nn

from soundreasons.papers.music_deepfakes.method import detectors


class _PoolsFirst(detectors.Detector):
    def maps(self, view: Tensor) -> Tensor:
        for layers in self.blocks:
            assert isinstance(layers, nn.Sequential)
            convolution, cut, pool, norm = layers
            view = norm(cut(pool(convolution(view))))
        return view


class SpectrogramDetector(_PoolsFirst, detectors.SpectrogramDetector):
    """As `method.SpectrogramDetector`."""


class WaveformDetector(_PoolsFirst, detectors.WaveformDetector):
    """As `method.WaveformDetector`."""
