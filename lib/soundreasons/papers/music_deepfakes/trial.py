"""Try the method on something of your own: `soundreasons try music_deepfakes FILE`.

FILE is a piece of music. A small detector, trained once on free music and three decoders, scores it second by
second; the answer says what the score is not. The first time takes some minutes, since fakes are made and
learned; then they are kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.given import require_file
from soundreasons.learning.cache import Arrays, Cache, digest
from soundreasons.media.decoding import decode
from soundreasons.papers.music_deepfakes.codecs import CodecTraining
from soundreasons.papers.music_deepfakes.collection import SLUG, Collection, Plan, cache, collect
from soundreasons.papers.music_deepfakes.decoders import available_decoders
from soundreasons.papers.music_deepfakes.detectors import SpectrogramDetector
from soundreasons.papers.music_deepfakes.experiments import train
from soundreasons.papers.music_deepfakes.front_ends import SAMPLE_RATE, SNIPPET
from soundreasons.papers.music_deepfakes.music import tracks
from soundreasons.papers.music_deepfakes.training import Training, scores

ACCEPTS = "a piece of music in any usual format (MP3, Ogg, FLAC, WAV, M4A, ...), from 0.78 seconds on"
PLAN = Plan(1, 1.2, ("codec_high", "codec_low", "hifigan_universal"), (), CodecTraining(steps=90))
TRAINING = Training(epochs=1, steps=60, batch_size=32, per_file=2, buffer=200, validation_steps=0)
WIDTH, SEED = 0.5, 0
LONGEST_SECONDS = 180.0
LOWEST_TOP = 12_000.0  # Hz: sound that ends below it is nothing that the detector has heard
NOT = (
    "What this score is not: no share of artificial content, no proof, and nothing about generators with "
    "other decoders than these. Real is what the detector says when it recognises nothing; a pitch shift or "
    "a lossy codec can hide a fake, noise can accuse a human. Ask for evidence that you can hear."
)


class Hearing(NamedTuple):
    """What a detector says of a file.

    `times` (s) are the middles of the snippets, `human` their scores, NaN in silence; `top`, in Hz: above it
    there is next to nothing; `clipped`: share of the samples at full scale.
    """

    times: NDArray[np.float64]
    human: NDArray[np.float64]
    top: float
    clipped: float


def run(argument: str, out: Path | None = None, report: Callable[[str], None] | None = None) -> str:
    """Answer in text; with `out`, draw the scores over time into that folder too.

    Chapter: music_deepfakes.

    Parameters
    ----------
    argument : str
        Path of a sound file.
    out : Path, optional
        Folder for the picture.
    report : callable, optional
        Told what is done while the detector is made, a line at a time.

    Returns
    -------
    str
        To print.

    Raises
    ------
    ValueError
        If the file is missing, no sound, shorter than 0.78 s, or holds numbers that are none.
    """
    path = require_file(argument, ACCEPTS)
    mono = listen_to(path)
    model, learned = standard_detector(report=report)
    found = hear(model, mono)
    return "\n".join([*answer(path.name, found, learned), *_picture(path, found, out)])


def listen_to(path: Path) -> NDArray[np.float32]:
    """Decode the first three minutes of a file as one channel, shape (n,), at 44.1 kHz."""
    mono = decode(path, duration=LONGEST_SECONDS).samples.mean(axis=1)
    if len(mono) < SNIPPET:
        raise ValueError(
            f"{path} lasts {len(mono) / SAMPLE_RATE:.2f} s; the detector needs {SNIPPET / SAMPLE_RATE:.2f} s"
        )
    if not np.isfinite(mono).all():
        raise ValueError(
            f"{path} holds {np.sum(~np.isfinite(mono))} samples that are NaN or infinite; export it again"
        )
    return np.asarray(mono, dtype=np.float32)


def standard_detector(
    plan: Plan = PLAN, settings: Training = TRAINING, report: Callable[[str], None] | None = None
) -> tuple[SpectrogramDetector, list[str]]:
    """Train the detector of this command, or take it from the cache; with the decoders that it knows."""
    say = report or (lambda line: None)
    names, _ = available_decoders(plan.decoders)
    music, _ = tracks()
    collection = collect(music, replace(plan, decoders=tuple(names)), SEED, kept=_Telling(cache(), say))
    n_encoders = len(collection.labels) if len(collection.labels) > 2 else 0  # as `train` does
    model = SpectrogramDetector("amplitude", n_encoders, WIDTH)
    arrays = _kept(collection, settings, say)
    model.load_state_dict({key: torch.from_numpy(value) for key, value in arrays.items()})
    return model.eval(), names


class _Telling(Cache):
    """The chapter's cache, which says what it is about to make; nothing is said of what is there."""

    def __init__(self, kept: Cache, say: Callable[[str], None]) -> None:
        self.__dict__.update(vars(kept))
        self.say = say

    def arrays(
        self,
        name: str,
        compute: Callable[[], Mapping[str, NDArray[Any]]],
        *,
        parameters: Mapping[str, Any] | None = None,
        data: Mapping[str, str] | None = None,
    ) -> Arrays:
        """Say what is made, if it must be made; else as `Cache.arrays`."""

        def told() -> Mapping[str, NDArray[Any]]:
            self.say(f"the detector: {_words(name)}")
            return compute()

        return super().arrays(name, told, parameters=parameters, data=data)


def _words(name: str) -> str:
    """What the collection makes under a name, for people who wait."""
    kind, _, which = name.partition("-")
    if kind == "weights":
        return f"training a {which} autoencoder"
    if kind == "version":
        return "exporting human music" if which == "real" else f"making fakes by {which}"
    return "cutting clips from free music"


def _kept(
    collection: Collection, settings: Training, say: Callable[[str], None]
) -> dict[str, NDArray[np.float32]]:
    def step(done: int) -> None:
        if done % 10 == 0:
            say(f"the detector: {done} of {settings.steps} steps of training")

    def compute() -> dict[str, NDArray[np.float32]]:
        trained = train(collection, "amplitude", settings, SEED, width=WIDTH, progress=step)
        return {key: value.numpy() for key, value in trained.state_dict().items()}

    folder = data.cache_folder() / ".computed" / SLUG
    kept = Cache(folder, modules=["soundreasons.papers.music_deepfakes.experiments"])
    clips = digest(*collection.training_versions)
    return kept.arrays("detector", compute, parameters={"settings": str(settings)}, data={"clips": clips})


def hear(model: SpectrogramDetector, mono: NDArray[np.float32]) -> Hearing:
    """Score a signal, shape (n,), in snippets of 0.78 s side by side; nothing is said of silence."""
    n = max(1, len(mono) // SNIPPET)
    human = scores(model, mono[: n * SNIPPET].reshape(n, SNIPPET))
    times = (np.arange(n) + 0.5) * SNIPPET / SAMPLE_RATE
    clipped = float(np.mean(np.abs(mono) >= 0.999))
    return Hearing(times, human, highest_frequency(mono), clipped)


def highest_frequency(mono: NDArray[np.float32]) -> float:
    """Frequency, in Hz, with all but a billionth of the power below it, the mean left out; 0 in silence."""
    power = np.zeros(SNIPPET // 2 + 1)
    for start in range(0, len(mono) - SNIPPET + 1, SNIPPET):
        snippet = mono[start : start + SNIPPET]
        power += np.abs(np.fft.rfft((snippet - snippet.mean()) * np.hanning(SNIPPET))) ** 2
    if power.sum() < 1e-6:
        return 0.0
    share = np.cumsum(power) / power.sum()
    return float(np.searchsorted(share, 1 - 1e-9) * SAMPLE_RATE / SNIPPET)


def answer(name: str, found: Hearing, learned: list[str]) -> list[str]:
    """Put a hearing in words: one line an item."""
    heard = found.human[np.isfinite(found.human)]
    lines = [f"{name}: {len(found.human)} snippets of 0.78 s; the detector knows {', '.join(learned)}."]
    if not len(heard):
        return [*lines, "  All of it is silent: there is nothing to score."]
    if found.top < LOWEST_TOP:
        return [
            *lines,
            f"  Next to nothing is above {found.top / 1000:.1f} kHz. The detector never heard such sound, "
            "so its score would mean nothing and is not given.",
        ]
    called = 100 * np.mean(heard <= 0.5)
    lines += [
        f"  called synthetic: {called:.0f} % of {len(heard)} snippets; score (1 = human) from "
        f"{heard.min():.2f} to {heard.max():.2f}, median {np.median(heard):.2f}.",
    ]
    if len(heard) < len(found.human):
        lines.append(f"  {len(found.human) - len(heard)} silent snippets have no score.")
    if found.clipped > 0.01:
        lines.append(
            f"  {100 * found.clipped:.0f} % of the samples are clipped: the detector never heard that."
        )
    return [*lines, "", NOT]


def _picture(path: Path, found: Hearing, out: Path | None) -> list[str]:
    if out is None or found.top < LOWEST_TOP:
        return []
    from matplotlib.figure import Figure

    from soundreasons.papers.music_deepfakes.figures import plot_scores

    figure = Figure(figsize=(7, 2.6), layout="constrained")
    plot_scores(found.times, found.human, figure.subplots())
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{path.stem}-scores.png"
    figure.savefig(target, dpi=144)
    return ["", f"picture: {target}"]
