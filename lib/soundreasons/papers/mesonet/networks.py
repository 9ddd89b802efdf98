"""The networks: Meso-4, MesoInception-4, and the one-block ablation Meso-1.

Every block is convolution (with bias), ReLU, batch norm, max pool, in this order: the norm comes
*after* the activation. Convolutions and pools keep sizes as Keras' "same" does. The output is the
probability that a face is **real**; a forged one is near 0.
Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

STEP = 32  # the pools divide each side by 2 * 2 * 2 * 4
_EPSILON = 1e-3  # Keras' default; torch's is 1e-5


def _norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with Keras' constants: epsilon 1e-3, running share 0.99."""
    return nn.BatchNorm2d(channels, eps=_EPSILON, momentum=0.01)


def _block(size: int, channels_in: int, channels_out: int, pool: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels_in, channels_out, size, padding="same")
    return nn.Sequential(convolution, nn.ReLU(), _norm(channels_out), nn.MaxPool2d(pool))


class DilatedInception(nn.Module):
    """Four parallel branches at growing dilation, side by side on the channels (Section 3, MesoInception).

    A lone 1x1 convolution, and three pairs of a 1x1 and a 3x3 convolution with dilation 1, 2 and 3;
    a ReLU follows every convolution. Where Inception has 5x5 filters, these see as far with fewer
    numbers. Chapter: mesonet.

    Parameters
    ----------
    channels_in : int
        Channels of the input.
    widths : sequence of 4 int
        Channels of the branches, in the order above.

    Examples
    --------
    >>> DilatedInception(3, (1, 4, 4, 2))(torch.zeros(1, 3, 8, 8)).shape
    torch.Size([1, 11, 8, 8])
    """

    def __init__(self, channels_in: int, widths: Sequence[int]) -> None:
        super().__init__()
        alone, *paired = widths
        branches = [nn.Sequential(nn.Conv2d(channels_in, alone, 1), nn.ReLU())]
        for dilation, width in enumerate(paired, start=1):
            reach = nn.Conv2d(width, width, 3, padding="same", dilation=dilation)
            branches.append(nn.Sequential(nn.Conv2d(channels_in, width, 1), nn.ReLU(), reach, nn.ReLU()))
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels_in, H, W) to (B, sum of widths, H, W)."""
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class FaceNetwork(nn.Module):
    """What the networks share: the check of the input, the flattening, the output.

    `convolve` gives the maps of the last block before its pool, `hidden` the layer before the
    output, `forward` the probability that each face is real. Chapter: mesonet.

    Attributes
    ----------
    size : int
        Side of the faces, in pixels.
    blocks : nn.Sequential
        Convolutional part.
    head : nn.Sequential
        From the flattened maps to the logit.
    """

    blocks: nn.Sequential
    head: nn.Sequential

    def __init__(self, size: int, step: int) -> None:
        super().__init__()
        if size < step or size % step:
            raise ValueError(f"size is {size} px, expected a multiple of {step}: the pools divide by {step}")
        self.size = size

    def _flat(self, x: Tensor) -> Tensor:
        """Flatten as Keras does, rows, columns, then channels; torch's own order is channels first."""
        self._require(x)
        maps: Tensor = self.blocks(x)
        return maps.permute(0, 2, 3, 1).flatten(1)

    def _require(self, x: Tensor) -> None:
        if x.ndim != 4 or tuple(x.shape[1:]) != (3, self.size, self.size):
            raise ValueError(
                f"faces have shape {tuple(x.shape)}, expected (n, 3, {self.size}, {self.size}), RGB in "
                "[0, 1]; for a single face pass face[None]"
            )

    def logits(self, x: Tensor) -> Tensor:
        """Map faces (B, 3, size, size) to values (B,) whose sigmoid is the probability of *real*."""
        value: Tensor = self.head(self._flat(x))
        return value.squeeze(1)

    def forward(self, x: Tensor) -> Tensor:
        """Map faces (B, 3, size, size), RGB in [0, 1], to probabilities (B,) of being real.

        Raises
        ------
        ValueError
            If the shape is another.
        """
        return torch.sigmoid(self.logits(x))


class _TwoLayered(FaceNetwork):
    """The head of the two networks of the paper: 16 units with a leaky ReLU, dropout before each layer."""

    def __init__(self, size: int, blocks: Sequence[nn.Module]) -> None:
        super().__init__(size, STEP)
        self.blocks = nn.Sequential(*blocks)
        n_flat = 16 * (size // STEP) ** 2
        self.head = nn.Sequential(
            nn.Dropout(0.5), nn.Linear(n_flat, 16), nn.LeakyReLU(0.1), nn.Dropout(0.5), nn.Linear(16, 1)
        )

    def convolve(self, x: Tensor) -> Tensor:
        """Map faces to the normalised maps of the last block before its pool, (B, 16, size / 8, size / 8)."""
        self._require(x)
        last = self.blocks[-1]
        assert isinstance(last, nn.Sequential)
        maps: Tensor = last[:-1](self.blocks[:-1](x))  # convolution, ReLU, norm
        return maps

    def hidden(self, x: Tensor) -> Tensor:
        """Map faces to the 16 hidden units before their activation, (B, 16)."""
        value: Tensor = self.head[1](self._flat(x))  # without dropout: for networks in evaluation
        return value

    @property
    def output_weights(self) -> Tensor:
        """Weight of each hidden unit in the logit, (16,): above 0 speaks for *real*."""
        last = self.head[-1]
        assert isinstance(last, nn.Linear)
        return last.weight.detach()[0]


class Meso4(_TwoLayered):
    """Meso-4: four convolutional blocks and two dense layers; 27,977 parameters at 256 pixels.

    Afchar et al. (2018), Section 3. Chapter: mesonet.

    Parameters
    ----------
    size : int, a multiple of 32
        Side of the faces, in pixels.

    Raises
    ------
    ValueError
        If the size is no multiple of 32.

    Examples
    --------
    >>> sum(p.numel() for p in Meso4().parameters())
    27977
    >>> Meso4(64).eval()(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2])
    """

    def __init__(self, size: int = 256) -> None:
        blocks = [_block(3, 3, 8, 2), _block(5, 8, 8, 2), _block(5, 8, 16, 2), _block(5, 16, 16, 4)]
        super().__init__(size, blocks)


class MesoInception4(_TwoLayered):
    """MesoInception-4: two dilated inception blocks, then as Meso-4; 28,615 parameters at 256 pixels.

    Afchar et al. (2018), Section 3. Chapter: mesonet.

    Parameters
    ----------
    size : int, a multiple of 32
        Side of the faces, in pixels.

    Raises
    ------
    ValueError
        If the size is no multiple of 32.

    Examples
    --------
    >>> sum(p.numel() for p in MesoInception4().parameters())
    28615
    """

    def __init__(self, size: int = 256) -> None:
        blocks = [
            nn.Sequential(DilatedInception(3, (1, 4, 4, 2)), _norm(11), nn.MaxPool2d(2)),
            nn.Sequential(DilatedInception(11, (2, 4, 4, 2)), _norm(12), nn.MaxPool2d(2)),
            _block(5, 12, 16, 2),
            _block(5, 16, 16, 4),
        ]
        super().__init__(size, blocks)


class Meso1(FaceNetwork):
    """Meso-1, an ablation in the authors' files: one block of a 3x3 and a 1x1 convolution, no hidden layer.

    Chapter: mesonet.

    Parameters
    ----------
    size : int, a multiple of 8
        Side of the faces, in pixels.
    dilation : int, from 1
        Of the 3x3 convolution.

    Raises
    ------
    ValueError
        If the size is no multiple of 8, or the dilation below 1.

    Examples
    --------
    >>> Meso1(64, dilation=2).eval()(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1])
    """

    def __init__(self, size: int = 256, *, dilation: int = 1) -> None:
        super().__init__(size, 8)
        if dilation < 1:
            raise ValueError(f"dilation is {dilation}, expected 1 or more")
        self.blocks = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding="same", dilation=dilation),
            nn.ReLU(),
            nn.Conv2d(16, 4, 1),
            nn.ReLU(),
            _norm(4),
            nn.MaxPool2d(8),
        )
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(4 * (size // 8) ** 2, 1))


NETWORKS: dict[str, type[Meso4] | type[MesoInception4]] = {"meso4": Meso4, "mesoinception4": MesoInception4}
