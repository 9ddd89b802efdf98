"""Two autoencoders of our own, trained on the spot: a convolutional codec and a spectrogram codec.

`Codec` is in the manner of Encodec and DAC: strided convolutions, residual vector quantisation, and a
decoder that raises the rate again, by transposed convolution or, as a control, by repeating samples.
`SpectralCodec` is in the manner of Musika: it compresses log magnitudes along time and its decoder draws
magnitudes and phases. A minute of training makes poor codecs; the page says how poor.
Chapter: music_deepfakes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from soundreasons.learning.loop import Loop, Schedule, Step
from soundreasons.papers.music_deepfakes.testbed.stacks import upsampler
from soundreasons.papers.music_deepfakes.testbed.two_stage import TwoStageCodec, draw

STRIDES = (2, 4, 5, 8)  # of the encoder; the decoder goes through them from the back
WIDTHS = (16, 32, 64, 128, 128)
CODEBOOK_SIZE = 256
SCALES = (256, 1024, 2048)  # windows of the spectral loss, in samples
CLIPPED = Loop(steps=1, clip_norm=1.0)
Model = TypeVar("Model", bound=nn.Module)


@dataclass(frozen=True)
class CodecTraining:
    """How an autoencoder of ours is trained.

    Attributes
    ----------
    steps : int
        Gradient steps in all; the last third on quantised codes.
    batch_size : int
        Crops in a batch.
    crop : int
        Samples in a crop.
    learning_rate : float
        Of Adam, with gradients cut to norm 1.
    """

    steps: int = 120
    batch_size: int = 12
    crop: int = 15_360
    learning_rate: float = 2e-3


class Codec(nn.Module):
    """Convolutional autoencoder with residual vector quantisation, one vector every 320 samples.

    Parameters
    ----------
    n_codebooks : int
        Stages of the quantiser, 256 entries each: 8 bits a stage and vector.
    upsampling : {"transposed", "nearest"}
        How the decoder raises the rate.
    widths : tuple of int
        Channels before each stride and after the last.
    """

    def __init__(
        self, n_codebooks: int = 8, upsampling: str = "transposed", widths: tuple[int, ...] = WIDTHS
    ) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv1d(1, widths[0], 7, padding=3), *_downward(widths))
        self.decoder = nn.Sequential(*_upward(widths, upsampling), nn.Conv1d(widths[0], 1, 7, padding=3))
        self.codebooks: Tensor
        self.register_buffer("codebooks", torch.zeros(n_codebooks, CODEBOOK_SIZE, widths[-1]))

    def forward(self, mono: Tensor, depth: int | None = None) -> Tensor:
        """Reconstruct, shape (batch, n) with n a multiple of 320; `depth` quantiser stages, or none."""
        codes = self.encoder(mono[:, None])
        if depth is not None:
            codes = self.quantise(codes, depth)
        rebuilt: Tensor = self.decoder(codes)[:, 0]
        return rebuilt

    def quantise(self, codes: Tensor, depth: int) -> Tensor:
        """Replace each vector by the sum of its nearest entries, stage after stage."""
        vectors = codes.movedim(1, 2)
        rest = vectors.detach()
        for book in self.codebooks[:depth]:
            rest = rest - book[torch.cdist(rest, book[None]).argmin(dim=-1)]
        return (vectors.detach() - rest).movedim(2, 1)


def _downward(widths: tuple[int, ...]) -> Iterator[nn.Module]:
    for before, after, stride in zip(widths, widths[1:], STRIDES, strict=False):
        yield nn.ELU()
        yield nn.Conv1d(before, after, 2 * stride, stride, padding=(stride + 1) // 2)


def _upward(widths: tuple[int, ...], upsampling: str) -> Iterator[nn.Module]:
    for after, before, stride in zip(widths[-2::-1], widths[::-1], STRIDES[::-1], strict=False):
        yield from upsampler(before, after, stride, upsampling)
        yield nn.ELU()


class SpectralCodec(nn.Module):
    """Autoencoder on spectrograms: log magnitudes in, magnitudes and phases out.

    Frames of 1,024 samples every 256, compressed fourfold along time to 64 numbers.
    """

    N_FFT, HOP = 1024, 256

    def __init__(self, width: int = 192, n_codes: int = 64) -> None:
        super().__init__()
        bins = self.N_FFT // 2 + 1
        self.encoder = nn.Sequential(
            nn.Conv1d(bins, width, 3, padding=1), nn.ELU(), nn.Conv1d(width, n_codes, 8, 4, padding=2)
        )
        self.decoder = nn.Sequential(
            nn.ConvTranspose1d(n_codes, width, 8, 4, padding=2), nn.ELU(),
            nn.Conv1d(width, width, 3, padding=1), nn.ELU(),
            nn.Conv1d(width, 3 * bins, 3, padding=1),
        )  # fmt: skip

    def forward(self, mono: Tensor, depth: int | None = None) -> Tensor:
        """Reconstruct, shape (batch, n); `depth` is there for the common interface and does nothing."""
        window = torch.hann_window(self.N_FFT, device=mono.device)
        spectra = torch.stft(mono, self.N_FFT, self.HOP, window=window, return_complex=True)
        level = (spectra.abs() + 1e-5).log()
        level = functional.pad(level, (0, -level.shape[-1] % 4))
        drawn = self.decoder(self.encoder(level))[..., : spectra.shape[-1]]
        return draw(drawn, self.N_FFT, self.HOP, mono.shape[-1])


def reconstruction_loss(rebuilt: Tensor, mono: Tensor) -> Tensor:
    """Mean absolute difference of the samples, and of log and plain magnitudes at three scales."""
    loss = 10 * (rebuilt - mono).abs().mean()
    for n_fft in SCALES:
        window = torch.hann_window(n_fft, device=mono.device)
        ours, theirs = (
            torch.stft(x, n_fft, n_fft // 4, window=window, return_complex=True).abs()
            for x in (rebuilt, mono)
        )
        loss = (
            loss + (ours - theirs).abs().mean() + ((ours + 1e-3).log() - (theirs + 1e-3).log()).abs().mean()
        )
    return loss


def training_step(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    depth: Callable[[], int | None] = lambda: None,
    schedule: Schedule | None = None,
) -> Step[Tensor]:
    """Make the step of an autoencoder on batches of crops, shape (batch, n), each at a depth of its own."""
    return Step(
        lambda mono: reconstruction_loss(model(mono, depth()), mono),
        optimiser, CLIPPED, schedule=schedule, clipped=[p for p in model.parameters() if p.requires_grad],
    )  # fmt: skip


def train_codec(
    clips: NDArray[np.float32], settings: CodecTraining, seed: int, *, device: str = "cpu"
) -> Codec:
    """Train a codec: two thirds of the steps without quantiser, then codebooks, then the decoder on codes.

    The codebooks are found by k-means on what the last stage leaves, and the decoder learns all depths at
    once, since each batch draws its own. Chapter: music_deepfakes.

    Parameters
    ----------
    clips : ndarray, shape (n_clips, n_samples)
        Mono sound of the training tracks alone.
    settings : CodecTraining
        How long, on what.
    seed : int
        Draws weights, crops and depths.
    device : str
        Where.

    Returns
    -------
    Codec
        In evaluation mode.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = Codec().to(device)
    crops = _crops(clips, settings, rng, device)
    free_steps = 2 * settings.steps // 3
    _optimise(model, model.parameters(), crops, free_steps, settings, lambda: None)
    fit_codebooks(model, torch.cat([next(crops) for _ in range(8)]), seed)
    depths = iter(lambda: int(rng.integers(1, len(model.codebooks) + 1)), 0)
    _optimise(
        model, model.decoder.parameters(), crops, settings.steps - free_steps, settings, lambda: next(depths)
    )
    return model.eval()


def train_control(
    codec: Codec, clips: NDArray[np.float32], settings: CodecTraining, seed: int, *, device: str = "cpu"
) -> Codec:
    """Train a second decoder for the same codes that repeats samples in place of transposed convolution.

    Parameters, returns: as `train_codec`; encoder and codebooks are the given codec's.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = Codec(len(codec.codebooks), "nearest").to(device)
    model.encoder.load_state_dict(codec.encoder.state_dict())
    model.codebooks.copy_(codec.codebooks)
    crops = _crops(clips, settings, rng, device)
    depth = len(model.codebooks)
    _optimise(model, model.decoder.parameters(), crops, settings.steps, settings, lambda: depth)
    return model.eval()


def train_spectral(
    clips: NDArray[np.float32], settings: CodecTraining, seed: int, *, device: str = "cpu"
) -> SpectralCodec:
    """Train the spectrogram codec. Parameters, returns: as `train_codec`."""
    return _train_unquantised(SpectralCodec, clips, settings, seed, device)


def train_two_stage(
    clips: NDArray[np.float32], settings: CodecTraining, seed: int, *, device: str = "cpu"
) -> TwoStageCodec:
    """Train the codec in two stages. Parameters, returns: as `train_codec`."""
    return _train_unquantised(TwoStageCodec, clips, settings, seed, device)


def _train_unquantised(
    make: Callable[[], Model], clips: NDArray[np.float32], settings: CodecTraining, seed: int, device: str
) -> Model:
    torch.manual_seed(seed)
    model = make().to(device)
    crops = _crops(clips, settings, np.random.default_rng(seed), device)
    _optimise(model, model.parameters(), crops, settings.steps, settings, lambda: None)
    return model.eval()


def _crops(
    clips: NDArray[np.float32], settings: CodecTraining, rng: np.random.Generator, device: str
) -> Iterator[Tensor]:
    """Batches of random crops without end."""
    while True:
        rows = rng.integers(len(clips), size=settings.batch_size)
        starts = rng.integers(clips.shape[1] - settings.crop + 1, size=settings.batch_size)
        batch = np.stack([clips[r, s : s + settings.crop] for r, s in zip(rows, starts, strict=True)])
        yield torch.from_numpy(batch).to(device)


def _optimise(
    model: nn.Module,
    parameters: Any,
    crops: Iterator[Tensor],
    steps: int,
    settings: CodecTraining,
    depth: Callable[[], int | None],
) -> None:
    optimiser = torch.optim.Adam(parameters, settings.learning_rate, betas=(0.8, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimiser, max(1, steps), settings.learning_rate / 10
    )
    step = training_step(model, optimiser, depth, schedule)
    for _ in range(steps):
        step(next(crops))


@torch.no_grad()
def fit_codebooks(model: Codec, mono: Tensor, seed: int, *, n_iterations: int = 8) -> None:
    """Find the codebooks by k-means, stage after stage, on the codes of some sound, shape (batch, n)."""
    generator = torch.Generator().manual_seed(seed)
    vectors = model.encoder(mono[:, None]).movedim(1, 2).flatten(0, 1)
    for stage in range(len(model.codebooks)):
        chosen = torch.randperm(len(vectors), generator=generator)[:CODEBOOK_SIZE].to(vectors.device)
        book = vectors[chosen.repeat(-(-CODEBOOK_SIZE // len(chosen)))[:CODEBOOK_SIZE]].clone()
        for _ in range(n_iterations):
            nearest = torch.cdist(vectors, book).argmin(dim=1)
            counts = torch.bincount(nearest, minlength=len(book))[:, None]
            sums = torch.zeros_like(book).index_add_(0, nearest, vectors)
            book = torch.where(counts > 0, sums / counts.clamp(min=1), book)
        model.codebooks[stage] = book
        vectors = vectors - book[torch.cdist(vectors, book).argmin(dim=1)]


@torch.inference_mode()
def recode(model: Codec | SpectralCodec | TwoStageCodec, mono: Tensor, depth: int | None = None) -> Tensor:
    """Send sound of any length through an autoencoder: same shape, (batch, n)."""
    n = mono.shape[-1]
    step = int(np.prod(STRIDES))
    rebuilt: Tensor = model(functional.pad(mono, (0, -n % step)), depth)
    return rebuilt[:, :n]
