"""The networks: Meso-4 and MesoInception-4, and the probability that they give a face.

Every block is convolution (with bias), ReLU, batch norm, max pool, in this order: the norm comes
*after* the activation. Convolutions and pools keep sizes as Keras' "same" does. The output is the
probability that a face is **real**; a forged one is near 0.
Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from soundreasons.media.video import Pixels

STEP = 32  # the pools divide each side by 2 * 2 * 2 * 4


def norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with Keras' constants, which the released weights were trained with.

    Epsilon is 1e-3 where torch's is 1e-5; the running mean keeps 0.99 of itself. Chapter: mesonet.

    Parameters
    ----------
    channels : int, from 1
        Channels of the maps.

    Returns
    -------
    nn.BatchNorm2d

    Raises
    ------
    ValueError
        If there is no channel.

    Examples
    --------
    >>> norm(8).eps, norm(8).momentum
    (0.001, 0.01)
    """
    if channels < 1:
        raise ValueError(f"channels is {channels}, expected 1 or more")
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def block(kernel: int, channels_in: int, channels_out: int, *, pool: int) -> nn.Sequential:
    """One block of Meso-4: convolution, ReLU, norm, maxima, in this order (Section 3).

    Chapter: mesonet.

    Parameters
    ----------
    kernel : int
        Side of the filters, in pixels.
    channels_in, channels_out : int
        Channels of the maps before and after.
    pool : int
        Side of the squares of which maxima are taken, in pixels.

    Returns
    -------
    nn.Sequential
        Maps (B, channels_in, H, W) to (B, channels_out, H / pool, W / pool).

    Raises
    ------
    ValueError
        If a size is below 1.

    Examples
    --------
    A filter that copies, on four pixels: their maximum, over the root of 1 + 0.001.

    >>> one = block(1, 1, 1, pool=2).eval()
    >>> _ = one[0].load_state_dict({"weight": torch.ones(1, 1, 1, 1), "bias": torch.zeros(1)})
    >>> round(one(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])).item(), 3)
    3.998
    """
    if min(kernel, channels_in, channels_out, pool) < 1:
        raise ValueError(f"sizes are {(kernel, channels_in, channels_out, pool)}, expected 1 or more")
    convolution = nn.Conv2d(channels_in, channels_out, kernel, padding="same")
    return nn.Sequential(convolution, nn.ReLU(), norm(channels_out), nn.MaxPool2d(pool))


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
    """What the two networks share: four blocks, flattening, and two dense layers (Section 3).

    The hidden layer has 16 units with a leaky ReLU; dropout comes before each layer. Chapter: mesonet.

    Parameters
    ----------
    size : int, a multiple of 32
        Side of the faces, in pixels.
    blocks : sequence of 4 Module
        Convolutional part; the last gives 16 channels.

    Raises
    ------
    ValueError
        If the size is no multiple of 32.
    """

    def __init__(self, size: int, blocks: Sequence[nn.Module]) -> None:
        super().__init__()
        if size < STEP or size % STEP:
            raise ValueError(f"size is {size} px, expected a multiple of {STEP}: the pools divide by {STEP}")
        self.size = size
        self.blocks = nn.Sequential(*blocks)
        n_flat = 16 * (size // STEP) ** 2
        self.head = nn.Sequential(
            nn.Dropout(0.5), nn.Linear(n_flat, 16), nn.LeakyReLU(0.1), nn.Dropout(0.5), nn.Linear(16, 1)
        )

    def forward(self, faces: Tensor) -> Tensor:
        """Map faces (B, 3, size, size), RGB in [0, 1], to probabilities (B,) of being real.

        Raises
        ------
        ValueError
            If the shape is another.
        """
        return torch.sigmoid(self.logits(faces))

    def logits(self, faces: Tensor) -> Tensor:
        """Map faces (B, 3, size, size) to values (B,) whose sigmoid is the probability of *real*."""
        value: Tensor = self.head(self.flat(faces))
        return value.squeeze(1)

    def flat(self, faces: Tensor) -> Tensor:
        """Flatten as Keras does, rows, columns, then channels; torch's own order is channels first."""
        self._require(faces)
        maps: Tensor = self.blocks(faces)
        return maps.permute(0, 2, 3, 1).flatten(1)

    def convolve(self, faces: Tensor) -> Tensor:
        """Map faces to the normalised maps of the last block before its pool, (B, 16, size / 8, size / 8)."""
        self._require(faces)
        last = self.blocks[-1]
        assert isinstance(last, nn.Sequential)
        maps: Tensor = last[:-1](self.blocks[:-1](faces))  # convolution, ReLU, norm
        return maps

    def hidden(self, faces: Tensor) -> Tensor:
        """Map faces to the 16 hidden units before their activation, (B, 16)."""
        value: Tensor = self.head[1](self.flat(faces))  # without dropout: for networks in evaluation
        return value

    @property
    def output_weights(self) -> Tensor:
        """Weight of each hidden unit in the logit, (16,): above 0 speaks for *real*."""
        last = self.head[-1]
        assert isinstance(last, nn.Linear)
        return last.weight.detach()[0]

    def _require(self, faces: Tensor) -> None:
        if faces.ndim != 4 or tuple(faces.shape[1:]) != (3, self.size, self.size):
            raise ValueError(
                f"faces have shape {tuple(faces.shape)}, expected (n, 3, {self.size}, {self.size}), RGB in "
                "[0, 1]; for a single face pass face[None]"
            )


class Meso4(FaceNetwork):
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
        blocks = [
            block(3, 3, 8, pool=2),
            block(5, 8, 8, pool=2),
            block(5, 8, 16, pool=2),
            block(5, 16, 16, pool=4),
        ]
        super().__init__(size, blocks)


class MesoInception4(FaceNetwork):
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
            nn.Sequential(DilatedInception(3, (1, 4, 4, 2)), norm(11), nn.MaxPool2d(2)),
            nn.Sequential(DilatedInception(11, (2, 4, 4, 2)), norm(12), nn.MaxPool2d(2)),
            block(5, 12, 16, pool=2),
            block(5, 16, 16, pool=4),
        ]
        super().__init__(size, blocks)


NETWORKS: dict[str, type[Meso4] | type[MesoInception4]] = {"meso4": Meso4, "mesoinception4": MesoInception4}


def to_tensor(pixels: Pixels, device: str = "cpu") -> Tensor:
    """Turn pictures of bytes into what a network takes.

    Chapter: mesonet.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, height, width, 3)
        RGB.
    device : str
        Where the tensor shall live.

    Returns
    -------
    Tensor, shape (n, 3, height, width)
        In [0, 1], channels last in memory.

    Raises
    ------
    ValueError
        If the pictures have another shape.

    Examples
    --------
    >>> to_tensor(np.full((1, 2, 2, 3), 255, dtype=np.uint8)).max()
    tensor(1.)
    """
    if pixels.ndim != 4:
        raise ValueError(f"pictures have shape {pixels.shape}, expected (n, height, width, 3)")
    moved = torch.from_numpy(np.ascontiguousarray(pixels)).to(device)
    return moved.permute(0, 3, 1, 2).float().div(255)


def score(network: FaceNetwork, crops: Pixels) -> NDArray[np.float64]:
    """Probability of being real, face by face; `fast.score` gives the same up to rounding.

    Chapter: mesonet.

    Parameters
    ----------
    network : FaceNetwork
        In evaluation.
    crops : ndarray of uint8, shape (n, size, size, 3)
        RGB faces.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    ValueError
        If the network is in training, where its norms look at the batch, or the faces are of another side.

    Examples
    --------
    A network whose numbers are all zero cannot tell:

    >>> network = Meso4(32).eval()
    >>> for numbers in network.parameters():
    ...     _ = nn.init.zeros_(numbers)
    >>> score(network, np.zeros((2, 32, 32, 3), dtype=np.uint8))
    array([0.5, 0.5])
    """
    if network.training:
        raise ValueError("the network is in training, expected evaluation; call network.eval() first")
    device = str(next(network.parameters()).device)
    with torch.inference_mode():
        return np.asarray(network(to_tensor(crops, device)).cpu().numpy(), dtype=np.float64)
