"""The face swap of autumn 2017: one shared encoder, one decoder a person.

Faces of A and B go through the same encoder, and each through a decoder of its own. Once trained, a
face of A is encoded and decoded by B's decoder: B, with A's expression. Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat

import numpy as np
import torch
from torch import Tensor, nn

from soundreasons.learning.loop import Loop, train
from soundreasons.media.video import Pixels
from soundreasons.papers.mesonet.method.networks import to_tensor

SIDE = 64
_CODE = 128


@dataclass(frozen=True)
class SwapTraining:
    """Settings of the training of a swap.

    Attributes
    ----------
    steps : int
        Steps of the optimiser.
    batch_size : int
        Faces a step, for each decoder.
    learning_rate : float
        Of Adam with betas (0.5, 0.999).
    warp : float
        Standard deviation of the random warp at its grid points, in half sides of the face.
    """

    steps: int = 300
    batch_size: int = 32
    learning_rate: float = 1e-3
    warp: float = 0.06


class SwapNetwork(nn.Module):
    """A shared encoder and two decoders for faces of 64 x 64 pixels; about 30 M multiply-adds a face.

    Chapter: mesonet.

    Examples
    --------
    >>> SwapNetwork()(torch.zeros(2, 3, 64, 64), person=1).shape
    torch.Size([2, 3, 64, 64])
    """

    def __init__(self) -> None:
        super().__init__()
        widths = [3, 16, 32, 64, 128]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.LeakyReLU(0.1)]
        self.encoder = nn.Sequential(
            *layers, nn.Flatten(), nn.Linear(128 * 16, _CODE), nn.Linear(_CODE, 64 * 64), nn.LeakyReLU(0.1)
        )
        self.decoders = nn.ModuleList([_decoder(), _decoder()])

    def forward(self, faces: Tensor, person: int) -> Tensor:
        """Map faces (B, 3, 64, 64) in [0, 1] to the same expressions of person 0 or 1."""
        decoded: Tensor = self.decoders[person](self.encoder(faces).view(-1, 64, 8, 8))
        return decoded


def _decoder() -> nn.Sequential:
    """Three times: convolve, and unfold channels into a picture of twice the side."""
    layers: list[nn.Module] = []
    for before, after in ((64, 32), (32, 24), (24, 16)):
        layers += [nn.Conv2d(before, 4 * after, 3, padding=1), nn.LeakyReLU(0.1), nn.PixelShuffle(2)]
    return nn.Sequential(*layers, nn.Conv2d(16, 3, 3, padding=1), nn.Sigmoid())


def random_warp(faces: Tensor, strength: float, generator: torch.Generator | None) -> Tensor:
    """Bend faces by a smooth random field; without it a decoder would merely copy.

    Chapter: mesonet.

    Parameters
    ----------
    faces : Tensor, shape (B, 3, H, W)
        On any device.
    strength : float
        Standard deviation of the shifts at the points of a 5 x 5 grid, in half sides.
    generator : torch.Generator, optional
        On the device of the faces.

    Returns
    -------
    Tensor, shape (B, 3, H, W)

    Examples
    --------
    >>> x = torch.rand(1, 3, 8, 8)
    >>> torch.allclose(random_warp(x, 0.0, None), x, atol=1e-5)
    True
    """
    n, _, height, width = faces.shape
    shifts = strength * torch.randn(n, 2, 5, 5, device=faces.device, generator=generator)
    field = nn.functional.interpolate(shifts, (height, width), mode="bicubic", align_corners=True)
    unit = torch.eye(2, 3, device=faces.device).expand(n, 2, 3)
    grid = nn.functional.affine_grid(unit, [n, 3, height, width], align_corners=False)
    return nn.functional.grid_sample(
        faces, grid + field.permute(0, 2, 3, 1), padding_mode="reflection", align_corners=False
    )


def drawing_error(
    network: SwapNetwork,
    faces: Tensor,
    person: int,
    settings: SwapTraining,
    generator: torch.Generator | None,
) -> Tensor:
    """Mean absolute error of some faces, flipped at random and drawn again from bent copies.

    Chapter: mesonet.

    Parameters
    ----------
    network : SwapNetwork
        On the device of the faces.
    faces : Tensor, shape (n, 3, 64, 64), in [0, 1]
        Of one person, or of all who share a decoder.
    person : {0, 1}
        Which decoder draws them.
    settings : SwapTraining
        Faces a step, and how far they are bent.
    generator : torch.Generator or None
        Draws, on the same device.

    Returns
    -------
    Tensor, shape ()
    """
    chosen = torch.randint(len(faces), (settings.batch_size,), device=faces.device, generator=generator)
    target = faces[chosen]
    flipped = torch.rand(len(target), 1, 1, 1, device=faces.device, generator=generator) < 0.5
    target = torch.where(flipped, target.flip(3), target)
    drawn: Tensor = network(random_warp(target, settings.warp, generator), person)
    return (drawn - target).abs().mean()


def train_drawing(
    people: Sequence[Pixels], *, settings: SwapTraining, seed: int, device: str = "cpu"
) -> tuple[SwapNetwork, list[float]]:
    """Train the shared encoder, and a decoder for each of one or two lists of faces.

    Chapter: mesonet.

    Parameters
    ----------
    people : sequence of 1 or 2 ndarray of uint8, each (n, 64, 64, 3)
        Upright faces of two people, or of all who share one decoder.
    settings : SwapTraining
        How long, and how.
    seed : int
        Of the weights and the draws.
    device : str
        Where.

    Returns
    -------
    network : SwapNetwork
        In evaluation.
    losses : list of float
        Mean absolute error at each step.

    Raises
    ------
    ValueError
        If the faces have another shape, or there is none.
    """
    for faces in people:
        if faces.shape[1:] != (SIDE, SIDE, 3) or len(faces) == 0:
            raise ValueError(f"faces have shape {faces.shape}, expected (n, {SIDE}, {SIDE}, 3), n from 1")
    torch.manual_seed(seed)
    generator = torch.Generator(device).manual_seed(seed)
    shown = [to_tensor(faces, device) for faces in people]
    network: SwapNetwork = SwapNetwork().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def error(shown: list[Tensor]) -> Tensor:
        errors = [drawing_error(network, faces, k, settings, generator) for k, faces in enumerate(shown)]
        return torch.stack(errors).mean()

    optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate, betas=(0.5, 0.999))
    losses = train(error, repeat(shown), optimiser, Loop(settings.steps))
    return network.eval(), losses.tolist()


def decode_as(network: SwapNetwork, faces: Pixels, person: int) -> Pixels:
    """Give faces (n, 64, 64, 3) the looks of person 0 or 1; bytes in, bytes out. Chapter: mesonet."""
    device = str(next(network.parameters()).device)
    with torch.inference_mode():
        decoded = network(to_tensor(faces, device), person).mul(255).round()
    return np.ascontiguousarray(decoded.permute(0, 2, 3, 1).cpu().numpy().astype(np.uint8))
