"""The two networks of the paper: plain convolutions, six blocks, a small head.

Each block is convolution, ReLU, pooling, batch normalisation, in this order; what follows is an average
over time and frequency, so a detector takes snippets of any length, and patches of a spectrogram.
Chapter: music_deepfakes.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from soundreasons.papers.music_deepfakes.front_ends import CHANNELS, features, require_kind

REAL = 0  # label of human music in the encoder head; the decoders follow in alphabetical order
HEAD_UNITS = 128
DROPOUT = 0.2
# Keras writes batch normalisation with momentum 0.99 and epsilon 1e-3; torch counts momentum the other way.
NORM_EPSILON, NORM_MOMENTUM = 1e-3, 0.01


class Outputs(NamedTuple):
    """What a detector says of a batch: logits.

    `real`, shape (batch,): above 0 means human. `encoder`, shape (batch, n_encoders), or None: which decoder.
    """

    real: Tensor
    encoder: Tensor | None


class _Detector(nn.Module):
    """Six blocks, average over all positions, and the two outputs."""

    def __init__(self, kind: str, blocks: nn.Sequential, n_features: int, n_encoders: int) -> None:
        super().__init__()
        self.kind = kind
        self.n_encoders = n_encoders
        self.blocks = blocks
        self.hidden = nn.Sequential(
            nn.Dropout(DROPOUT), nn.Linear(n_features, HEAD_UNITS), nn.SiLU(), nn.Dropout(DROPOUT)
        )
        self.deepfake = nn.Linear(HEAD_UNITS, 1)
        self.encoder = nn.Linear(HEAD_UNITS, n_encoders) if n_encoders else None
        self.apply(_as_keras)

    def forward(self, view: Tensor) -> Outputs:
        """Logits of a batch of views, as `features` makes them."""
        maps = self.blocks(view)
        hidden = self.hidden(maps.flatten(2).mean(dim=2))
        encoder = self.encoder(hidden) if self.encoder is not None else None
        return Outputs(self.deepfake(hidden)[:, 0], encoder)

    def listen(self, mono: Tensor) -> Outputs:
        """Logits of a batch of mono snippets, shape (batch, n)."""
        outputs: Outputs = self(features(mono, self.kind))
        return outputs


class SpectrogramDetector(_Detector):
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
            blocks = nn.Sequential(
                *(
                    _block_2d(before, after)
                    for before, after in zip((CHANNELS[kind], *filters), filters, strict=False)
                )
            )
            super().__init__(kind, blocks, filters[-1], n_encoders)


class WaveformDetector(_Detector):
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
            pools = (1, 3, 3, 3, 3, 3)
            blocks = nn.Sequential(
                *(
                    _block_1d(before, after, pool)
                    for before, after, pool in zip((1, *filters), filters, pools, strict=False)
                )
            )
            super().__init__("raw", blocks, filters[-1], n_encoders)


def detector(kind: str, n_encoders: int = 10, width: float = 1.0, *, device: str | None = None) -> _Detector:
    """The paper's network for a front end: `WaveformDetector` for "raw", else `SpectrogramDetector`.

    The waveform network costs about a hundred times the operations; below full width it gets an eighth
    of the width asked for, which evens that out.
    """
    if kind == "raw":
        return WaveformDetector(n_encoders, width if width >= 1 else width / 8, device=device)
    return SpectrogramDetector(kind, n_encoders, width, device=device)


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


class _Block(nn.Sequential):
    """Convolution, ReLU, pooling, batch normalisation.

    The maximum of what is cut at zero is the maximum, cut at zero: so it is pooled first, and the cut, there
    and back, costs a quarter. Values and gradients are the same.
    """

    def forward(self, maps: Tensor) -> Tensor:
        convolution, cut, pool, norm = self
        normed: Tensor = norm(cut(pool(convolution(maps))))
        return normed


def _block_2d(before: int, after: int) -> _Block:
    return _Block(
        nn.Conv2d(before, after, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(after, NORM_EPSILON, NORM_MOMENTUM),
    )


def _block_1d(before: int, after: int, pool: int) -> _Block:
    return _Block(
        nn.Conv1d(before, after, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool1d(pool),
        nn.BatchNorm1d(after, NORM_EPSILON, NORM_MOMENTUM),
    )


def _as_keras(module: nn.Module) -> None:
    """Draw weights as the paper's framework does: Glorot, biases zero."""
    if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
