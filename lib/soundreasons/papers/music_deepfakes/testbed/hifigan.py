"""HiFi-GAN: a released vocoder that turns log-mel spectrograms into sound.

The generator of Kong et al. (2020), version 1, written anew for the published weights. It was made for
speech at 22.05 kHz. We hand it music at 44.1 kHz as if it were that, as the paper does with Encodec: no
resampling, so no low-pass edge that would give the fake away, and its lines lie at twice their frequency.
Chapter: music_deepfakes.
"""

from collections.abc import Mapping
from typing import NamedTuple

import librosa
import torch
from torch import Tensor, nn
from torch.nn import functional


class HifiGanSettings(NamedTuple):
    """Shape of a generator; the defaults are version 1."""

    n_mels: int = 80
    channels: int = 512
    strides: tuple[int, ...] = (8, 8, 2, 2)
    kernels: tuple[int, ...] = (16, 16, 4, 4)
    block_kernels: tuple[int, ...] = (3, 7, 11)
    dilations: tuple[int, ...] = (1, 3, 5)


V1 = HifiGanSettings()
NOMINAL_RATE = 22_050
N_FFT, HOP, MEL_TOP = 1024, 256, 8_000.0
SLOPE = 0.1
CHUNK_FRAMES = 256  # of output made at once: the widest layer takes 0.25 GB


class HifiGan(nn.Module):
    """The generator: log-mel spectrogram in, waveform out, 256 samples a frame.

    Kong et al. (2020). Convolutions along time are written as two-dimensional ones of height 1, which
    CPUs compute in two thirds of the time. Chapter: music_deepfakes.

    Parameters
    ----------
    settings : HifiGanSettings
        Version 1 unless told; the strides must multiply to 256 for the mel frames of this module.

    Examples
    --------
    >>> sum(p.numel() for p in HifiGan().parameters())
    13926017
    """

    def __init__(self, settings: HifiGanSettings = V1) -> None:
        super().__init__()
        widths = [settings.channels // 2**level for level in range(len(settings.strides) + 1)]
        self.conv_pre = _conv(settings.n_mels, widths[0], 7)
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        for level, (stride, kernel) in enumerate(zip(settings.strides, settings.kernels, strict=True)):
            size, step = (1, kernel), (1, stride)
            padding = (0, (kernel - stride) // 2)
            self.ups.append(nn.ConvTranspose2d(widths[level], widths[level + 1], size, step, padding))
            self.resblocks.extend(
                _Residual(widths[level + 1], size, settings.dilations) for size in settings.block_kernels
            )
        self.conv_post = _conv(widths[-1], 1, 7)
        self._n_blocks = len(settings.block_kernels)

    def forward(self, mel: Tensor) -> Tensor:
        """Waveform, shape (batch, 256 * frames), of log-mel frames, shape (batch, n_mels, frames)."""
        x = self.conv_pre(mel[:, :, None].contiguous(memory_format=torch.channels_last))
        for level, upsample in enumerate(self.ups):
            x = upsample(functional.leaky_relu(x, SLOPE))
            blocks = self.resblocks[level * self._n_blocks : (level + 1) * self._n_blocks]
            x = torch.stack([block(x) for block in blocks]).mean(dim=0)
        waveform: Tensor = torch.tanh(self.conv_post(functional.leaky_relu(x)))[:, 0, 0]
        return waveform


class _Residual(nn.Module):
    """Three pairs of convolutions, the first of each pair dilated, each pair added to its input."""

    def __init__(self, width: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(_conv(width, width, kernel, dilation) for dilation in dilations)
        self.convs2 = nn.ModuleList(_conv(width, width, kernel) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            inner = dilated(functional.leaky_relu(x, SLOPE))
            x = x + plain(functional.leaky_relu(inner, SLOPE))
        return x


def _conv(before: int, after: int, kernel: int, dilation: int = 1) -> nn.Conv2d:
    padding = (0, dilation * (kernel - 1) // 2)
    return nn.Conv2d(before, after, (1, kernel), padding=padding, dilation=(1, dilation))


def load_generator(weights: Mapping[str, Tensor], settings: HifiGanSettings = V1) -> HifiGan:
    """Build a generator from published weights, whose weight normalisation is multiplied out.

    Chapter: music_deepfakes.

    Parameters
    ----------
    weights : mapping of str to Tensor
        As published: `<layer>.weight_v`, `.weight_g` and `.bias`.
    settings : HifiGanSettings
        Of the generator that they belong to.

    Returns
    -------
    HifiGan
        In evaluation mode, on the CPU.

    Raises
    ------
    ValueError
        If a layer is missing or has another shape.
    """
    generator = HifiGan(settings)
    plain: dict[str, Tensor] = {}
    for name, value in weights.items():
        layer, _, part = name.rpartition(".")
        if part == "weight_v":
            norm = value.flatten(1).norm(dim=1)[:, None, None]
            plain[f"{layer}.weight"] = (weights[f"{layer}.weight_g"] * value / norm).unsqueeze(2)
        elif part == "bias":
            plain[name] = value
    try:
        generator.load_state_dict(plain)
    except RuntimeError as error:
        raise ValueError(f"these weights do not fit a generator with {settings} ({error})") from error
    generator.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return generator


def log_mel(mono: Tensor, n_mels: int = V1.n_mels) -> Tensor:
    """Log-mel frames as the published generators were trained on, shape (batch, n_mels, n // 256).

    Parameters
    ----------
    mono : Tensor, shape (batch, n)
        Taken to be at 22.05 kHz.
    n_mels : int
        Bands up to 8 kHz.
    """
    around = (N_FFT - HOP) // 2
    padded = functional.pad(mono[:, None], (around, around), mode="reflect")[:, 0]
    frames = padded.unfold(-1, N_FFT, HOP) * torch.hann_window(N_FFT, device=mono.device)
    magnitude = (torch.fft.rfft(frames).abs() ** 2 + 1e-9).sqrt()
    bank = librosa.filters.mel(sr=NOMINAL_RATE, n_fft=N_FFT, n_mels=n_mels, fmin=0, fmax=MEL_TOP)
    mel = magnitude @ torch.from_numpy(bank).T.to(mono.device)
    frames_last: Tensor = mel.clamp(min=1e-5).log().transpose(1, 2)
    return frames_last


@torch.inference_mode()
def vocode(generator: HifiGan, mono: Tensor) -> Tensor:
    """Send mono sound through mel spectrogram and generator: same shape, (batch, n).

    Chapter: music_deepfakes.
    """
    n = mono.shape[-1]
    mel = log_mel(functional.pad(mono, (0, -n % HOP)))
    margin = 16  # frames of context, more than the receptive field needs for what can be heard
    pieces = []
    for start in range(0, mel.shape[-1], CHUNK_FRAMES):
        before, after = min(start, margin), min(start + CHUNK_FRAMES + margin, mel.shape[-1])
        piece = generator(mel[..., start - before : after])[:, before * HOP :]
        pieces.append(piece[:, : min(CHUNK_FRAMES, mel.shape[-1] - start) * HOP])
    return torch.cat(pieces, dim=-1)[:, :n]
