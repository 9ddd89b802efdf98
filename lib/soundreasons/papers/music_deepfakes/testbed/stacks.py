"""Stacks of upsampling layers that nobody trained: what the layers alone leave in the spectrum.

Chapter: music_deepfakes.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


def untrained_stack(
    strides: Sequence[int], seed: int, *, channels: int = 8, upsampling: str = "transposed"
) -> nn.Sequential:
    """Decoder with random weights and biases: one upsampling layer a stride, ReLU between.

    Parameters
    ----------
    strides : sequence of int
        From the first layer to the last.
    seed : int
        Draws the weights.
    channels : int
        Of every layer but the last, which gives one.
    upsampling : {"transposed", "nearest"}
        Zeros between samples, or each sample repeated, before the convolution.

    Raises
    ------
    ValueError
        If the upsampling is another.
    """
    if upsampling not in ("transposed", "nearest"):
        raise ValueError(f"upsampling is {upsampling!r}, expected transposed or nearest")
    layers: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for number, stride in enumerate(strides, start=1):
            width = 1 if number == len(strides) else channels
            layers += [*upsampler(channels, width, stride, upsampling), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def upsampler(before: int, after: int, stride: int, kind: str) -> list[nn.Module]:
    """Layers that raise the rate by a stride, either way, with kernels twice the stride.

    The kernel of the repeating kind is one longer, so that the length comes out even.
    """
    if kind == "transposed":
        return [
            nn.ConvTranspose1d(
                before, after, 2 * stride, stride, padding=(stride + 1) // 2, output_padding=stride % 2
            )
        ]
    return [nn.Upsample(scale_factor=stride), nn.Conv1d(before, after, 2 * stride + 1, padding=stride)]


def stack_output(stack: nn.Sequential, n_inputs: int, seed: int) -> NDArray[np.float64]:
    """What an untrained stack makes of random activations, shape (n,); the same for the same seed."""
    width = next(layer for layer in stack if isinstance(layer, nn.ConvTranspose1d | nn.Conv1d)).in_channels
    noise = np.random.default_rng(seed).normal(size=(1, width, n_inputs)).astype(np.float32)
    with torch.inference_mode():
        output: Tensor = stack(torch.relu(torch.from_numpy(noise)))
    return np.asarray(output[0, 0].numpy(), dtype=np.float64)
