"""The decoders that fakes come from: released vocoders, GriffinMel, and autoencoders of our own.

A decoder is a name and a way to send clips through it. Chapter: music_deepfakes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.data.readers.music import load_weights
from soundreasons.learning.cache import Cache, digest
from soundreasons.papers.music_deepfakes.testbed import codecs, griffin, hifigan, released
from soundreasons.papers.music_deepfakes.testbed.two_stage import TwoStageCodec

Clips = NDArray[np.float32]
Decoder = Callable[[Clips], Clips]
Autoencoder = codecs.Codec | codecs.SpectralCodec | TwoStageCodec

GENERATORS = "hifigan_generators"
HIFIGANS = ("hifigan_ljspeech", "hifigan_universal")
GRIFFINS = {"griffin256": 256, "griffin512": 512}
CODEC_DEPTHS = {"codec_high": 8, "codec_mid": 3, "codec_low": 1}
CONTROL = "codec_nearest"
SPECTRAL = "spectral"
TWO_STAGE = "two_stage"
DECODERS = (
    *CODEC_DEPTHS,
    CONTROL,
    *GRIFFINS,
    *HIFIGANS,
    SPECTRAL,
    TWO_STAGE,
    *released.ENCODEC_CODEBOOKS,
    *released.DAC_CODEBOOKS,
)
# Which decoders share an architecture, so that one may give the other away.
FAMILIES: Mapping[str, str] = {
    **dict.fromkeys(CODEC_DEPTHS, "codec"),
    **dict.fromkeys(GRIFFINS, "griffin"),
    **dict.fromkeys(HIFIGANS, "hifigan"),
    **dict.fromkeys(released.ENCODEC_CODEBOOKS, "encodec"),
    **dict.fromkeys(released.DAC_CODEBOOKS, "dac"),
}
HIFIGAN_STRIDES = hifigan.V1.strides
CODEC_STRIDES = codecs.STRIDES[::-1]


@dataclass(frozen=True)
class Workshop:
    """What decoders are made with.

    Attributes
    ----------
    training_clips : ndarray, shape (n_clips, n_samples)
        Human music of the training side: all that autoencoders of ours ever learn from.
    training : codecs.CodecTraining
        How long they learn.
    cache : Cache
        Keeps their weights.
    seed : int
    device : str
    """

    training_clips: Clips
    training: codecs.CodecTraining
    cache: Cache
    seed: int
    device: str = "cpu"

    def decoder(self, name: str) -> Decoder:
        """Make a decoder ready: train it, or load its weights.

        Raises
        ------
        ValueError
            If there is no such decoder.
        soundreasons.data.DataUnavailable
            If its weights are not on this machine.
        """
        if name not in DECODERS:
            raise ValueError(f"decoder is {name!r}, expected one of {', '.join(DECODERS)}")
        if name in GRIFFINS:
            return partial(_griffin, n_mels=GRIFFINS[name], seed=self.seed, device=self.device)
        if name in HIFIGANS:
            weights = data.open(GENERATORS).weights[name.removeprefix("hifigan_")]
            generator = hifigan.load_generator(load_weights(weights)).to(self.device)
            return lambda clips: _one_by_one(lambda mono: hifigan.vocode(generator, mono), clips, self.device)
        if name in released.HUB_MODELS:
            return partial(released.recoded, name, device=self.device)
        model = self.autoencoder(name)
        depth = CODEC_DEPTHS.get(name, max(CODEC_DEPTHS.values()))
        return lambda clips: _one_by_one(lambda mono: codecs.recode(model, mono, depth), clips, self.device)

    def autoencoder(self, name: str) -> Autoencoder:
        """An autoencoder of ours, trained or from the cache: a codec, its control, or a spectral one."""
        if name == TWO_STAGE:
            return self._kept(TwoStageCodec(), "two-stage", codecs.train_two_stage)
        if name == SPECTRAL:
            return self._kept(codecs.SpectralCodec(), "spectral", codecs.train_spectral)
        if name == CONTROL:
            codec = self.autoencoder("codec_high")
            assert isinstance(codec, codecs.Codec)
            control = codecs.Codec(upsampling="nearest")
            return self._kept(control, "control", partial(codecs.train_control, codec))
        return self._kept(codecs.Codec(), "codec", codecs.train_codec)

    def _kept(self, empty: Autoencoder, name: str, train: Callable[..., torch.nn.Module]) -> Autoencoder:
        self.cache.weights(
            f"weights-{name}", empty,
            lambda: train(self.training_clips, self.training, self.seed, device=self.device),
            parameters={**vars(self.training), "seed": self.seed, "device": self.device},
            data={"clips": digest(self.training_clips)},
        )  # fmt: skip
        return empty.eval().to(self.device)


def available_decoders(names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Which of some decoders this machine can run, and what the others lack, with how to get it.

    Chapter: music_deepfakes.

    Raises
    ------
    ValueError
        If none of them is here.
    """
    needs = dict.fromkeys(HIFIGANS, GENERATORS) | released.HUB_MODELS
    missing = {
        model: f"`soundreasons data fetch {GENERATORS}`" if model == GENERATORS else released.how_to_get()
        for model in sorted({needs[name] for name in names if name in needs})
        if not (data.available(model) if model == GENERATORS else released.is_here(model))
    }
    here = [name for name in names if needs.get(name) not in missing]
    if not here:
        wanted = "; ".join(f"{model} ({how})" for model, how in missing.items())
        raise ValueError(f"none of the decoders {', '.join(names)} is here; get {wanted}")
    return here, missing


def label_order(names: Sequence[str]) -> list[str]:
    """Order of the encoder head: human music first, then the decoders in alphabetical order.

    Examples
    --------
    >>> label_order(["musika", "encodec24", "encodec3"])
    ['real', 'encodec24', 'encodec3', 'musika']
    """
    return ["real", *sorted(names)]


def _griffin(clips: Clips, n_mels: int, seed: int, device: str) -> Clips:
    generator = torch.Generator().manual_seed(seed)
    rebuilt = [
        griffin.griffin_mel_mono(torch.from_numpy(clip).to(device), n_mels, griffin.PAPER, generator)
        .cpu()
        .numpy()
        for clip in clips
    ]
    return np.stack(rebuilt)


def _one_by_one(send: Callable[[torch.Tensor], torch.Tensor], clips: Clips, device: str) -> Clips:
    """One clip at a time, which keeps memory small and is no slower on a CPU."""
    return np.stack([send(torch.from_numpy(clip)[None].to(device))[0].cpu().numpy() for clip in clips])
