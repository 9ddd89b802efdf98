"""The tagger, arranged to be quick on a processor."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from soundreasons.papers.concept_hierarchies.method.network import N_FILTERS, POOLS, VggTagger


class QuickVgg(nn.Module):
    """The same function as a `VggTagger` in use (not in training), arranged to be quick on a processor.

    A rectifier and a normalisation keep the order of values, up to the sign of the slope, so pooling may
    come first: the filters of channels with a falling normalisation are negated, the largest value is
    taken, and what is left, a quarter as many numbers, is rectified and normalised. Layers lie with
    channels last. Chapter: concept_hierarchies.
    """

    def __init__(self, network: VggTagger) -> None:
        super().__init__()
        self.norm, self.dense = network.norm, network.dense
        self.convolutions = nn.ModuleList()
        for block, norm in enumerate(network.norms):
            original: Any = network.convolutions[block]
            slope, shift, sign = _affine(norm)
            copy = nn.Conv2d(original.in_channels, N_FILTERS, 3, padding=1, device=original.weight.device)
            copy.weight.data = (original.weight * sign.reshape(-1, 1, 1, 1)).to(
                memory_format=torch.channels_last
            )
            copy.bias = nn.Parameter(original.bias * sign)
            self.convolutions.append(copy)
            self.register_buffer(f"slope{block}", slope.reshape(-1, 1, 1))
            self.register_buffer(f"shift{block}", shift.reshape(-1, 1, 1))
            lowest = torch.where(sign > 0, 0.0, -torch.inf).reshape(-1, 1, 1)
            self.register_buffer(f"lowest{block}", lowest)
            self.register_buffer(f"highest{block}", torch.where(lowest == 0, torch.inf, 0.0))
        self.eval().requires_grad_(False)

    def pools(self, spectrograms: torch.Tensor) -> list[torch.Tensor]:
        """As `VggTagger.pools`."""
        signal = self.norm(spectrograms.unsqueeze(1)).to(memory_format=torch.channels_last)
        layers = []
        for block, (kernel, stride) in enumerate(POOLS):
            signal = nn.functional.max_pool2d(self.convolutions[block](signal), kernel, stride)
            lowest, highest, slope, shift = (
                getattr(self, f"{name}{block}") for name in ("lowest", "highest", "slope", "shift")
            )
            signal = torch.clamp(signal, lowest, highest) * slope + shift
            layers.append(signal)
        return layers

    def logits(self, last: torch.Tensor) -> torch.Tensor:
        """As `VggTagger.logits`."""
        return self.dense(last.squeeze(3).transpose(1, 2).reshape(len(last), -1))  # type: ignore[no-any-return]

    def forward(self, spectrograms: torch.Tensor) -> torch.Tensor:
        """As `VggTagger.forward`."""
        return self.logits(self.pools(spectrograms)[-1])


def _affine(norm: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Absolute slope, shift and sign of the slope of a normalisation in use."""
    slope = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    sign = torch.where(slope < 0, -1.0, 1.0)
    return slope.abs(), norm.bias - norm.running_mean * slope, sign
