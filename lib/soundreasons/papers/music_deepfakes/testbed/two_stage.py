"""An autoencoder in two stages on polar spectrograms, in the manner of Musika's universal one.

Musika (Pasini and Schlüter, ISMIR 2022) compresses log magnitudes along time in two stages, 4,096 samples
to one vector, and its decoder draws magnitude and phase in one pass. Its released weights belong to another
framework and to layers that we have not looked at, since this book is written from descriptions alone: so
nothing here loads them. `TwoStageCodec` has the plan and learns on the spot. Chapter: music_deepfakes.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class TwoStageSettings(NamedTuple):
    """Sizes: window and hop of the spectrogram, time compression of each stage, channels, numbers a code."""

    n_fft: int = 1024
    hop: int = 256
    stages: tuple[int, int] = (4, 4)
    width: int = 256
    n_codes: int = 64

    @property
    def block(self) -> int:
        """Samples that become one code; sound is padded with zeros to a multiple of it."""
        return self.hop * self.stages[0] * self.stages[1]


class TwoStageCodec(nn.Module):
    """Log magnitudes in, magnitudes and phases out, 4,096 samples a code.

    Chapter: music_deepfakes.

    Parameters
    ----------
    settings : TwoStageSettings
        The defaults have Musika's time compression.

    Examples
    --------
    >>> codec = TwoStageCodec(TwoStageSettings(width=8))
    >>> codec.encode(torch.zeros(1, 3 * 4096)).shape
    torch.Size([1, 64, 3])
    >>> codec(torch.zeros(1, 10_000)).shape
    torch.Size([1, 10000])
    """

    def __init__(self, settings: TwoStageSettings | None = None) -> None:
        super().__init__()
        self.settings = own = settings or TwoStageSettings()
        bins = own.n_fft // 2 + 1
        first, second = own.stages
        self.first_encoder = nn.Sequential(*_down(bins, own.width, first))
        self.second_encoder = nn.Sequential(
            *_down(own.width, own.width, second), nn.Conv1d(own.width, own.n_codes, 1), nn.Tanh()
        )
        self.second_decoder = nn.Sequential(*_up(own.n_codes, own.width, second))
        self.first_decoder = nn.Sequential(
            *_up(own.width, own.width, first), nn.Conv1d(own.width, 3 * bins, 3, padding=1)
        )

    def encode(self, mono: Tensor) -> Tensor:
        """Compress sound, shape (batch, n), to codes, shape (batch, n_codes, ceil(n / block))."""
        padded = functional.pad(mono, (0, -mono.shape[-1] % self.settings.block))
        codes: Tensor = self.second_encoder(self.first_encoder(self._level(padded)))
        return codes

    def decode(self, codes: Tensor, length: int) -> Tensor:
        """Draw sound from codes, shape (batch, length)."""
        own = self.settings
        drawn = self.first_decoder(self.second_decoder(codes))
        polar = functional.pad(drawn, (0, 1), mode="replicate")
        return draw(polar, own.n_fft, own.hop, codes.shape[-1] * own.block)[:, :length]

    def forward(self, mono: Tensor, depth: int | None = None) -> Tensor:
        """Reconstruct, shape (batch, n); `depth` is there for the common interface and does nothing."""
        return self.decode(self.encode(mono), mono.shape[-1])

    def _level(self, padded: Tensor) -> Tensor:
        own = self.settings
        window = torch.hann_window(own.n_fft, device=padded.device)
        spectra = torch.stft(padded, own.n_fft, own.hop, window=window, return_complex=True)
        return (spectra.abs() + 1e-5).log()[..., :-1]  # the last frame lies behind the sound


def draw(polar: Tensor, n_fft: int, hop: int, length: int) -> Tensor:
    """Sound, (batch, length), of log magnitude, cosine and sine in a pile, (batch, 3 * bins, frames)."""
    magnitude, cosine, sine = polar.chunk(3, dim=1)
    magnitude = magnitude.clamp(max=7).exp()
    norm = (cosine**2 + sine**2 + 1e-6).sqrt()
    spectra = torch.complex(magnitude * cosine / norm, magnitude * sine / norm)
    window = torch.hann_window(n_fft, device=polar.device)
    return torch.istft(spectra, n_fft, hop, window=window, length=length)


def _down(before: int, after: int, stride: int) -> Iterator[nn.Module]:
    yield nn.Conv1d(before, after, 3, padding=1)
    yield nn.ELU()
    yield nn.Conv1d(after, after, 2 * stride, stride, padding=stride // 2)
    yield nn.ELU()


def _up(before: int, after: int, stride: int) -> Iterator[nn.Module]:
    yield nn.ConvTranspose1d(before, after, 2 * stride, stride, padding=stride // 2)
    yield nn.ELU()
    yield nn.Conv1d(after, after, 3, padding=1)
    yield nn.ELU()
