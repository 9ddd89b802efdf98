"""Try the method on something of your own: `soundreasons try music_deepfakes FILE`.

FILE is a piece of music. A small detector, trained once on free music and three decoders, scores it second by
second; the answer says what the score is not. The first time takes some minutes, since fakes are made and
learned; then they are kept.
"""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.given import require_file
from soundreasons.learning.cache import Cache, digest
from soundreasons.media.decoding import decode
from soundreasons.papers.music_deepfakes.data.recordings import tracks
from soundreasons.papers.music_deepfakes.experiments.scoring import snippet_scores
from soundreasons.papers.music_deepfakes.experiments.training import Training, train
from soundreasons.papers.music_deepfakes.fast import SpectrogramDetector
from soundreasons.papers.music_deepfakes.figures import plot_scores
from soundreasons.papers.music_deepfakes.method.front_ends import SAMPLE_RATE, SNIPPET
from soundreasons.papers.music_deepfakes.testbed.codecs import CodecTraining
from soundreasons.papers.music_deepfakes.testbed.decoders import available_decoders
from soundreasons.papers.music_deepfakes.testbed.twins import SLUG, Plan, cache, make_twins
from soundreasons.trying import Report, picture, silent

ACCEPTS = "a piece of music in any usual format (MP3, Ogg, FLAC, WAV, M4A, ...), from 0.78 seconds on"
PLAN = Plan(1, 1.2, ("codec_high", "codec_low", "hifigan_universal"), (), CodecTraining(steps=90))
TRAINING = Training(epochs=1, steps=60, batch_size=32, per_file=2, buffer=200, validation_steps=0, width=0.5)
SEED = 0
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


def run(argument: str, out: Path | None = None, report: Report = silent) -> str:
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
    lines = answer(path.name, found, learned)
    if found.top >= LOWEST_TOP:
        lines += picture(
            out, f"{path.stem}-scores", lambda ax: plot_scores(found.times, found.human, ax), size=(7, 2.6)
        )
    return "\n".join(lines)


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
    plan: Plan = PLAN, settings: Training = TRAINING, report: Report = silent
) -> tuple[SpectrogramDetector, list[str]]:
    """Train the detector of this command, or take it from the cache; with the decoders that it knows."""

    def say(name: str) -> None:
        report(f"the detector: {_words(name, settings)}")

    def step(done: int) -> None:
        if done % 10 == 0:
            report(f"the detector: {done} of {settings.steps} steps of training")

    names, _ = available_decoders(plan.decoders)
    twins = make_twins(tracks().tracks, replace(plan, decoders=tuple(names)), SEED, kept=cache(before=say))
    n_encoders = len(twins.labels) if len(twins.labels) > 2 else 0  # as `train` does
    model = SpectrogramDetector("amplitude", n_encoders, settings.width)
    folder = data.cache_folder() / ".computed" / SLUG
    Cache(folder, modules=["soundreasons.papers.music_deepfakes.experiments.training"], before=say).weights(
        "detector", model, lambda: train(twins, "amplitude", settings, SEED, progress=step),
        parameters={"settings": str(settings)},
        data={"clips": digest(*(twins.clips[name] for name in twins.labels))},
    )  # fmt: skip
    return model.eval(), names


def _words(name: str, settings: Training) -> str:
    """What is made under a name of the cache, for people who wait."""
    kind, _, which = name.partition("-")
    if kind == "weights":
        return f"training a {which} autoencoder"
    if kind == "version":
        return "exporting human music" if which == "real" else f"making fakes by {which}"
    return f"{settings.steps} steps of training" if kind == "detector" else "cutting clips from free music"


def hear(model: SpectrogramDetector, mono: NDArray[np.float32]) -> Hearing:
    """Score a signal, shape (n,), in snippets of 0.78 s side by side; nothing is said of silence."""
    n = max(1, len(mono) // SNIPPET)
    human = snippet_scores(model, mono[: n * SNIPPET].reshape(n, SNIPPET))
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
