"""`method.score` for many faces: the same networks, which pool first, then cut and scale what is left.

A block takes maxima of norm(relu(convolution)). In evaluation the norm is a scale and a shift for each
channel, and both it and the ReLU never change an order, so the maximum may be taken right behind the
convolution; where a scale is negative, of the convolution with its sign turned. What follows then has a
quarter (a sixteenth) of the values. The many thin convolutions of an inception module are faster face by
face, channels first, as long as its maps stay in the processor's cache. Scores are the same up to rounding.
Chapter: mesonet.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from soundreasons.media.video import Pixels
from soundreasons.papers.mesonet.method.networks import DilatedInception, FaceNetwork, to_tensor


class _Folded(nn.Module):
    """Norm and pool of a block in evaluation: signs to turn before the maximum; scale and shift after it."""

    sign: Tensor
    scale: Tensor
    shift: Tensor

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        scale = norm.weight.detach() / (norm.running_var + norm.eps).sqrt()
        shift = norm.bias.detach() - scale * norm.running_mean
        self.register_buffer("sign", torch.where(scale < 0, -1.0, 1.0).to(scale)[:, None, None])
        self.register_buffer("scale", scale[:, None, None])
        self.register_buffer("shift", shift[:, None, None])

    def turn(self, convolution: nn.Conv2d, first: int) -> nn.Conv2d:
        """Copy the convolution that gives the channels from `first` on, with their signs turned."""
        turned = copy.deepcopy(convolution).requires_grad_(False)
        sign = self.sign[first : first + turned.out_channels]
        turned.weight.mul_(sign[..., None])
        if turned.bias is not None:
            turned.bias.mul_(sign.flatten())
        return turned

    def finish(self, highest: Tensor) -> Tensor:
        """Cut, scale and shift the maxima, (B, channels, H, W)."""
        return torch.addcmul(self.shift, torch.relu(highest * self.sign), self.scale)


class PooledBlock(_Folded):
    """A plain block in evaluation: convolution, maximum, and then ReLU, scale and shift.

    Chapter: mesonet.

    Parameters
    ----------
    block : nn.Sequential
        Convolution, ReLU, norm, pool; copied, and left as it is.

    Examples
    --------
    >>> from soundreasons.papers.mesonet.method import Meso4
    >>> block = Meso4(32).blocks[0].eval()
    >>> x = torch.rand(1, 3, 32, 32)
    >>> torch.allclose(PooledBlock(block)(x), block(x), atol=1e-6)
    True
    """

    def __init__(self, block: nn.Sequential) -> None:
        convolution, _, norm, pool = block
        super().__init__(norm)
        assert isinstance(convolution, nn.Conv2d)
        turned = self.turn(convolution, 0)
        self.convolution: nn.Module = turned.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to what the block gives."""
        return self.finish(self.pool(self.convolution(x)))


class PooledInception(_Folded):
    """A block with a dilated inception module in evaluation, face by face.

    The 1x1 convolutions of the four branches are one product of matrices. Chapter: mesonet.

    Parameters
    ----------
    block : nn.Sequential
        Module, norm, pool of 2 x 2; copied, and left as it is.

    Examples
    --------
    >>> from soundreasons.papers.mesonet.method import MesoInception4
    >>> block = MesoInception4(32).blocks[0].eval()
    >>> x = torch.rand(2, 3, 32, 32)
    >>> torch.allclose(PooledInception(block)(x), block(x), atol=1e-6)
    True
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, block: nn.Sequential) -> None:
        module, norm, _ = block
        super().__init__(norm)
        assert isinstance(module, DilatedInception)
        alone, *paired = module.branches
        heads = [self.turn(alone[0], 0), *(branch[0] for branch in paired)]  # type: ignore[index]
        self.n_alone: int = heads[0].out_channels
        self.register_buffer("weight", torch.cat([head.weight.detach().flatten(1) for head in heads]))
        self.register_buffer("bias", torch.cat([head.bias.detach() for head in heads])[:, None])  # type: ignore[union-attr]
        self.wide = nn.ModuleList()
        first = self.n_alone
        for branch in paired:
            turned = self.turn(branch[2], first)  # type: ignore[index]
            self.wide.append(turned.to(memory_format=torch.contiguous_format))  # type: ignore[call-overload]
            first += branch[2].out_channels  # type: ignore[index]
        self.widths = [branch[2].in_channels for branch in paired]  # type: ignore[index]

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to what the block gives."""
        maps = [self._one(face) for face in torch.split(x.contiguous(), 1)]
        return self.finish(maps[0] if len(maps) == 1 else torch.cat(maps))

    def _one(self, face: Tensor) -> Tensor:
        size = face.shape[2:]
        mixed = torch.matmul(self.weight, face.flatten(2)).add_(self.bias).view(1, -1, *size)
        # In place: nobody else holds these maps, and fresh memory costs as much as the sum itself.
        narrow = torch.split(mixed[:, self.n_alone :].relu_(), self.widths, dim=1)
        reach = [_highest(wide(maps)) for wide, maps in zip(self.wide, narrow, strict=True)]
        return torch.cat([_highest(mixed[:, : self.n_alone]), *reach], dim=1)


def _highest(maps: Tensor) -> Tensor:
    """Maxima of 2 x 2; rows first, which is many times faster than a pool where channels come first."""
    rows = torch.maximum(maps[..., ::2, :], maps[..., 1::2, :])
    return torch.maximum(rows[..., ::2], rows[..., 1::2])


def for_scoring(network: FaceNetwork) -> FaceNetwork:
    """Return a copy whose blocks pool first: same scores up to rounding, faster; `forward` and `logits` only.

    Each block has the memory layout that is fastest for it, so leave that alone, and give faces channels
    last. Chapter: mesonet.

    Parameters
    ----------
    network : FaceNetwork
        In evaluation.

    Raises
    ------
    ValueError
        If the network is in training, where the norms look at the batch.

    Examples
    --------
    >>> from soundreasons.papers.mesonet.method import MesoInception4
    >>> network, x = MesoInception4(32).eval(), torch.rand(2, 3, 32, 32)
    >>> torch.allclose(for_scoring(network)(x), network(x), atol=1e-6)
    True
    """
    if network.training:
        raise ValueError("the network is in training, expected evaluation; call network.eval() first")
    folded = copy.deepcopy(network)
    folded.blocks = nn.Sequential(*(_pooled(block) for block in network.blocks))  # type: ignore[arg-type]
    return folded.eval()


def _pooled(block: nn.Sequential) -> nn.Module:
    return (PooledInception if isinstance(block[0], DilatedInception) else PooledBlock)(block)


def score(network: FaceNetwork, crops: Pixels, *, batch_size: int = 32) -> NDArray[np.float64]:
    """Probability of being real, face by face: `method.score`, in batches, the blocks pooled first.

    Chapter: mesonet.

    Parameters
    ----------
    network : FaceNetwork
        In evaluation.
    crops : ndarray of uint8, shape (n, size, size, 3)
        RGB faces.
    batch_size : int, from 1
        Faces at once.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    ValueError
        If the faces are of another side than the network's, or the network is in training.
    """
    device = str(next(network.parameters()).device)
    network = for_scoring(network)
    found = []
    with torch.inference_mode():
        for start in range(0, len(crops), batch_size):
            faces = to_tensor(crops[start : start + batch_size], device)
            found.append(network(faces.contiguous(memory_format=torch.channels_last)).cpu().numpy())
    return np.concatenate(found).astype(np.float64) if found else np.zeros(0)
