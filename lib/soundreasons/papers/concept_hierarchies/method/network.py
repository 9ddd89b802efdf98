"""A network that hears: the spectrogram it is given, and its layers (Pons and Serra, 2019).

16 kHz mono, windows of 512 samples every 256, 96 Slaney mel bands of the power spectrum, log10(1 + 10000 m);
then five blocks of convolution, and 50 tags. The paper probes the third to fifth block and the tags.
"""

from __future__ import annotations

import functools
import warnings

import torch
from torch import nn

with warnings.catch_warnings():
    # librosa brings a progress bar along that warns, in a notebook, of widgets that nobody needs.
    warnings.filterwarnings("ignore", message="IProgress not found")
    import librosa.filters

SAMPLE_RATE = 16_000  # Hz
WINDOW, HOP = 512, 256  # samples
N_BANDS = 96
PATCH_FRAMES = 187
PATCH_SAMPLES = (PATCH_FRAMES - 1) * HOP  # 2.976 s
COMPRESSION = 10_000.0
LAYERS = ("pool3", "pool4", "pool5", "tags")
EPSILON = 1e-3
N_FILTERS = 128
# Kernel and stride of each block's pooling, in frames and bands.
POOLS = (((4, 1), (2, 2)), ((2, 2), (2, 2)), ((2, 2), (2, 2)), ((2, 2), (2, 2)), ((4, 4), (4, 4)))


def log_mel(samples: torch.Tensor) -> torch.Tensor:
    """Compute the log-mel spectrogram of sounds, on the device where the sounds are.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    samples : Tensor, shape (..., n_samples)
        Amplitudes at 16 kHz, usually within -1 and 1.

    Returns
    -------
    Tensor, shape (..., 1 + n_samples // 256, 96)
        log10(1 + 10000 m) of the mel power m; frames are centred, the ends padded with zeros.

    Raises
    ------
    ValueError
        If there is less than one window, or an amplitude is not finite.

    Examples
    --------
    >>> log_mel(torch.zeros(16000)).shape
    torch.Size([63, 96])
    """
    if samples.shape[-1] < WINDOW:
        raise ValueError(
            f"sound has {samples.shape[-1]} samples, expected at least {WINDOW} (32 ms at 16 kHz)"
        )
    if samples.device.type != "meta" and not bool(torch.isfinite(samples).all()):
        raise ValueError("sound holds NaN or infinite amplitudes; clean it before it is analysed")
    flat = samples.reshape(-1, samples.shape[-1])
    window = torch.hann_window(WINDOW, device=samples.device)
    spectrum = torch.stft(
        flat, WINDOW, HOP, window=window, center=True, pad_mode="constant", return_complex=True
    )
    power = spectrum.real**2 + spectrum.imag**2
    mel = torch.einsum("bf,nft->ntb", _filters().to(samples.device), power)
    return torch.log10(1.0 + COMPRESSION * mel).reshape(*samples.shape[:-1], -1, N_BANDS)


@functools.cache
def _filters() -> torch.Tensor:
    return torch.from_numpy(librosa.filters.mel(sr=SAMPLE_RATE, n_fft=WINDOW, n_mels=N_BANDS))


class VggTagger(nn.Module):
    """The paper's backbone: five blocks of 3 x 3 convolutions, and one dense layer (Pons and Serra, 2019).

    Each block: convolution, rectifier, normalisation, pooling. Chapter: concept_hierarchies. A patch of
    187 x 96 becomes 92 x 48, 46 x 24, 23 x 12, 11 x 6 and 2 x 1,
    each with 128 channels. Longer spectrograms give more positions in time.

    Examples
    --------
    >>> network = VggTagger().eval()
    >>> [tuple(layer.shape) for layer in network.pools(torch.zeros(1, 187, 96))[2:]]
    [(1, 128, 23, 12), (1, 128, 11, 6), (1, 128, 2, 1)]
    """

    def __init__(self, n_tags: int = 50) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1, eps=EPSILON)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(N_FILTERS if block else 1, N_FILTERS, 3, padding=1) for block in range(len(POOLS))
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(N_FILTERS, eps=EPSILON) for _ in POOLS)
        self.dropout, self.last_dropout = nn.Dropout(0.25), nn.Dropout(0.5)
        self.dense = nn.Linear(2 * N_FILTERS, n_tags)

    def pools(self, spectrograms: torch.Tensor) -> list[torch.Tensor]:
        """Return the five pooled layers, each of shape (n, 128, frames, bands)."""
        signal = self.norm(spectrograms.unsqueeze(1))
        layers = []
        for block, (kernel, stride) in enumerate(POOLS):
            signal = self.norms[block](torch.relu(self.convolutions[block](signal)))
            signal = nn.functional.max_pool2d(signal, kernel, stride)
            layers.append(signal)
            signal = self.dropout(signal)
        return layers

    def logits(self, last: torch.Tensor) -> torch.Tensor:
        """Return the scores of the tags, shape (n, 50), for a fifth layer of two positions."""
        # The checkpoint flattens (time, channel), torch keeps (channel, time).
        flat = last.squeeze(3).transpose(1, 2).reshape(len(last), -1)
        return self.dense(self.last_dropout(flat))  # type: ignore[no-any-return]

    def forward(self, spectrograms: torch.Tensor) -> torch.Tensor:
        """Return the scores of the tags before the sigmoid, shape (n, 50), for patches of 187 frames."""
        return self.logits(self.pools(spectrograms)[-1])
