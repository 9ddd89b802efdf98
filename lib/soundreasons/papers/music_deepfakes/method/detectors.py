"""The two networks of the paper: plain convolutions, six blocks, a small head.

Each block is convolution, ReLU, pooling, batch normalisation, in this order; what follows is an average
over time and frequency, so a detector takes snippets of any length, and patches of a spectrogram.
Chapter: music_deepfakes.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from soundreasons.papers.music_deepfakes.method.front_ends import CHANNELS, features, require_kind

REAL = 0  # label of human music in the encoder head; the decoders follow in alphabetical order
HEAD_UNITS = 128
DROPOUT = 0.2
# Keras writes batch normalisation with momentum 0.99 and epsilon 1e-3; torch counts momentum the other way.
NORM_EPSILON, NORM_MOMENTUM = 1e-3, 0.01
LAYERS: Mapping[int, tuple[Callable[..., nn.Module], ...]] = {
    1: (nn.Conv1d, nn.MaxPool1d, nn.BatchNorm1d),
    2: (nn.Conv2d, nn.MaxPool2d, nn.BatchNorm2d),
}


class Outputs(NamedTuple):
    """What a detector says of a batch: logits.

    `real`, shape (batch,): above 0 means human. `encoder`, shape (batch, n_encoders), or None: which decoder.
    """

    real: Tensor
    encoder: Tensor | None


def block(before: int, after: int, pool: int = 2, *, dimensions: int = 2) -> nn.Sequential:
    """One block of both networks: convolution of width 3, ReLU, pooling, batch normalisation, in this order.

    Section 3 of Afchar et al. (2024). Chapter: music_deepfakes.

    Parameters
    ----------
    before, after : int
        Channels in, and filters.
    pool : int
        Values, along each axis, of which the largest is kept.
    dimensions : {2, 1}
        Time and frequency, or time alone.

    Returns
    -------
    Sequential
        Takes shape (batch, before, frames, bins), or (batch, before, n); gives each axis divided by `pool`.

    Raises
    ------
    ValueError
        If there are other dimensions.

    Examples
    --------
    By hand: 9 weights and a bias for each of 16 filters, and the two numbers of its normalisation.

    >>> sum(p.numel() for p in block(1, 16).parameters()) == 9 * 16 + 16 + 2 * 16
    True
    >>> block(1, 16)(torch.zeros(1, 1, 64, 743)).shape
    torch.Size([1, 16, 32, 371])
    """
    if dimensions not in LAYERS:
        raise ValueError(f"dimensions are {dimensions}, expected 2 (time and frequency) or 1 (time)")
    convolution, pooling, norm = LAYERS[dimensions]
    return nn.Sequential(
        convolution(before, after, 3, padding=1),
        nn.ReLU(),
        pooling(pool),
        norm(after, NORM_EPSILON, NORM_MOMENTUM),
    )


class Detector(nn.Module):
    """Six blocks, average over all positions, and the two outputs.

    Attributes
    ----------
    kind : str
        Front end.
    n_encoders : int
        Outputs of the second head, or 0.
    """

    def __init__(self, kind: str, blocks: Iterable[nn.Module], n_features: int, n_encoders: int) -> None:
        super().__init__()
        self.kind = kind
        self.n_encoders = n_encoders
        self.blocks = nn.Sequential(*blocks)
        self.hidden = nn.Sequential(
            nn.Dropout(DROPOUT), nn.Linear(n_features, HEAD_UNITS), nn.SiLU(), nn.Dropout(DROPOUT)
        )
        self.deepfake = nn.Linear(HEAD_UNITS, 1)
        self.encoder = nn.Linear(HEAD_UNITS, n_encoders) if n_encoders else None
        self.apply(_as_keras)

    def forward(self, view: Tensor) -> Outputs:
        """Logits of a batch of views, as `features` makes them."""
        hidden = self.hidden(self.maps(view).flatten(2).mean(dim=2))
        encoder = self.encoder(hidden) if self.encoder is not None else None
        return Outputs(self.deepfake(hidden)[:, 0], encoder)

    def maps(self, view: Tensor) -> Tensor:
        """What the six blocks make of a batch of views, shape (batch, filters, ...)."""
        maps: Tensor = self.blocks(view)
        return maps

    def listen(self, mono: Tensor) -> Outputs:
        """Logits of a batch of mono snippets, shape (batch, n)."""
        outputs: Outputs = self(features(mono, self.kind))
        return outputs


class SpectrogramDetector(Detector):
    """The detector on a spectrogram: 1,641,579 trainable parameters on amplitudes, with ten encoders.

    Section 3 of Afchar et al. (2024). Chapter: music_deepfakes.

    Parameters
    ----------
    kind : {"amplitude", "complex", "phase", "polar"}
        Front end.
    n_encoders : int, from 0
        Outputs of the second head: human music and each decoder; 0 leaves the head out.
    width : float
        Multiplies the numbers of filters (16, 32, ..., 512); 0.5 is the laptop's.
    device : str, optional
        Where the parameters live.

    Raises
    ------
    ValueError
        If the kind is unknown or "raw", `n_encoders` is 1 or negative, or no filter is left.

    Examples
    --------
    >>> detector = SpectrogramDetector("amplitude")
    >>> sum(p.numel() for p in detector.parameters())
    1641579
    """

    def __init__(
        self, kind: str, n_encoders: int = 10, width: float = 1.0, *, device: str | None = None
    ) -> None:
        require_kind(kind)
        if kind == "raw":
            raise ValueError("kind is 'raw', a waveform has no frequency axis; take WaveformDetector")
        filters = _filters((16, 32, 64, 128, 256, 512), width)
        _require_encoders(n_encoders)
        with torch.device(device or torch.get_default_device()):
            blocks = [block(before, after) for before, after in pairwise((CHANNELS[kind], *filters))]
            super().__init__(kind, blocks, filters[-1], n_encoders)


class WaveformDetector(Detector):
    """The detector on samples: 6,238,987 trainable parameters with ten encoders.

    Section 3 of Afchar et al. (2024). Chapter: music_deepfakes.

    Parameters
    ----------
    n_encoders, width, device
        As for `SpectrogramDetector`; filters 256, 256, 512, 512, 1024, 1024.

    Examples
    --------
    >>> sum(p.numel() for p in WaveformDetector().parameters())
    6238987
    """

    def __init__(self, n_encoders: int = 10, width: float = 1.0, *, device: str | None = None) -> None:
        filters = _filters((256, 256, 512, 512, 1024, 1024), width)
        _require_encoders(n_encoders)
        with torch.device(device or torch.get_default_device()):
            steps = zip(pairwise((1, *filters)), (1, 3, 3, 3, 3, 3), strict=True)
            blocks = [block(*widths, pool, dimensions=1) for widths, pool in steps]
            super().__init__("raw", blocks, filters[-1], n_encoders)


def _filters(full: tuple[int, ...], width: float) -> tuple[int, ...]:
    filters = tuple(round(width * n) for n in full)
    if min(filters) < 1:
        raise ValueError(f"width is {width}, which leaves {filters} filters; expected at least 1 each")
    return filters


def _require_encoders(n_encoders: int) -> None:
    if n_encoders < 0 or n_encoders == 1:
        raise ValueError(
            f"n_encoders is {n_encoders}, expected 0 (no such head), or human music and decoders"
        )


def _as_keras(module: nn.Module) -> None:
    """Draw weights as the paper's framework does: Glorot, biases zero."""
    if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
