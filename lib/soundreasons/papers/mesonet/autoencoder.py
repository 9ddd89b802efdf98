"""The face swap of autumn 2017: one shared encoder, one decoder a person.

Faces of A and B go through the same encoder, and each through a decoder of its own. Once trained, a
face of A is encoded and decoded by B's decoder: B, with A's expression. Chapter: mesonet.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from soundreasons.media.video import Pixels

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
        Faces of each person a step.
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
        for before, after in itertools.pairwise(widths):
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


class SwapTrainer:
    """Trains a swap network on the faces of two people, step by step. Chapter: mesonet.

    Parameters
    ----------
    faces : pair of Tensor, each (n, 3, 64, 64) in [0, 1]
        Upright crops of each person, on the device of the training.
    settings : SwapTraining
        How.
    generator : torch.Generator or None
        On the same device.
    """

    def __init__(
        self, faces: tuple[Tensor, Tensor], settings: SwapTraining, generator: torch.Generator | None
    ) -> None:
        self.faces, self.settings, self.generator = faces, settings, generator
        self.network = SwapNetwork().to(faces[0].device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.Adam(
            self.network.parameters(), lr=settings.learning_rate, betas=(0.5, 0.999)
        )

    def step(self) -> Tensor:
        """Take one step; return the mean absolute error before it."""
        losses = []
        for person, faces in enumerate(self.faces):
            chosen = torch.randint(
                len(faces), (self.settings.batch_size,), device=faces.device, generator=self.generator
            )
            target = faces[chosen]
            flipped = torch.rand(len(target), 1, 1, 1, device=faces.device, generator=self.generator) < 0.5
            target = torch.where(flipped, target.flip(3), target)
            bent = random_warp(target, self.settings.warp, self.generator)
            losses.append((self.network(bent, person) - target).abs().mean())
        loss = torch.stack(losses).mean()
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return loss.detach()


def train_swap(
    first: Pixels, second: Pixels, *, settings: SwapTraining, seed: int, device: str = "cpu"
) -> tuple[SwapNetwork, list[float]]:
    """Train the shared encoder and two decoders.

    Chapter: mesonet.

    Parameters
    ----------
    first, second : ndarray of uint8, shape (n, 64, 64, 3)
        Upright faces of the two people.
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
    for faces in (first, second):
        if faces.shape[1:] != (SIDE, SIDE, 3) or len(faces) == 0:
            raise ValueError(f"faces have shape {faces.shape}, expected (n, {SIDE}, {SIDE}, 3), n from 1")
    torch.manual_seed(seed)
    generator = torch.Generator(device).manual_seed(seed)
    trainer = SwapTrainer((to_tensor(first, device), to_tensor(second, device)), settings, generator)
    losses = [float(trainer.step()) for _ in range(settings.steps)]
    return trainer.network.eval(), losses


def to_tensor(pixels: Pixels, device: str = "cpu") -> Tensor:
    """Turn pictures (n, height, width, 3) of bytes into (n, 3, height, width) in [0, 1], channels last.

    Chapter: mesonet.

    Examples
    --------
    >>> to_tensor(np.full((1, 2, 2, 3), 255, dtype=np.uint8)).max()
    tensor(1.)
    """
    moved = torch.from_numpy(np.ascontiguousarray(pixels)).to(device)
    return moved.permute(0, 3, 1, 2).float().div(255)


def decode_as(network: SwapNetwork, faces: Pixels, person: int) -> Pixels:
    """Give faces (n, 64, 64, 3) the looks of person 0 or 1; bytes in, bytes out. Chapter: mesonet."""
    device = str(next(network.parameters()).device)
    with torch.inference_mode():
        decoded = network(to_tensor(faces, device), person).mul(255).round()
    return np.ascontiguousarray(decoded.permute(0, 2, 3, 1).cpu().numpy().astype(np.uint8))
