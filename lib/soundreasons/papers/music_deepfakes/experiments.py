"""The experiments of the chapter: train, test, manipulate, mix, tune. Chapter: music_deepfakes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.learning.seeding import rng as named_rng
from soundreasons.learning.statistics import Interval, bootstrap_interval
from soundreasons.media.decoding import decode
from soundreasons.papers.music_deepfakes import training as learn
from soundreasons.papers.music_deepfakes.collection import SLUG, Collection, export
from soundreasons.papers.music_deepfakes.decoders import FAMILIES
from soundreasons.papers.music_deepfakes.detectors import _Detector, detector
from soundreasons.papers.music_deepfakes.manipulations import MANIPULATIONS, manipulate
from soundreasons.papers.music_deepfakes.training import Clips, Training

Floats = NDArray[np.float64]
Scores = Mapping[str, Floats]  # by version: probability of "human", shape (n_clips, per_clip)
HEAVY = ("equaliser", "reverb", "mp3_64")  # one after the other: what a producer may do to human music


def train(
    collection: Collection,
    kind: str,
    settings: Training,
    seed: int,
    *,
    width: float = 1.0,
    decoders: Sequence[str] | None = None,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> _Detector:
    """Train a detector on the training side, with the second head, or on one decoder without it.

    Section 3 of Afchar et al. (2024). Chapter: music_deepfakes.

    Parameters
    ----------
    collection : Collection
        From `collect`.
    kind : str
        Front end.
    settings : Training
        How long.
    seed : int
        Draws weights and batches.
    width : float
        Of the network.
    decoders : sequence of str, optional
        Decoders to learn; all of the labels unless told. A single one leaves the second head out.
    device : str
        Where.
    progress : callable, optional
        Told the number of steps done after each.

    Returns
    -------
    SpectrogramDetector or WaveformDetector
        In evaluation mode, with statistics made anew.
    """
    names = ["real", *(collection.labels[1:] if decoders is None else decoders)]
    versions = [collection.clips[name] for name in names]
    torch.manual_seed(seed)
    model = detector(kind, len(names) if len(names) > 2 else 0, width, device=device)
    sides = [
        learn.batches(
            versions, collection.parts[part], settings, named_rng(seed, SLUG, part, kind), device=device
        )
        for part in ("train", "validation")
    ]
    learn.fit_detector(
        model, sides[0], settings, sides[1] if settings.validation_steps else None, progress=progress
    )
    return model


def side_scores(model: _Detector, collection: Collection, per_clip: int = 2) -> dict[str, Floats]:
    """Score the test side, by version; see `training.clip_scores`."""
    return learn.clip_scores(
        model, {name: collection.part("test", name) for name in collection.clips}, per_clip
    )


def per_track(values: NDArray[np.floating] | NDArray[np.bool_], tracks: NDArray[np.intp]) -> Floats:
    """Mean of the clips of each track, shape (n_tracks,); `values` has clips first.

    Examples
    --------
    >>> per_track(np.array([1.0, 3.0, 5.0]), np.array([7, 7, 9])).tolist()
    [2.0, 5.0]
    """
    flat = np.asarray(values, dtype=np.float64).reshape(len(values), -1).mean(axis=1)
    return np.array([flat[tracks == track].mean() for track in np.unique(tracks)])


def detected(scores: Scores, tracks: NDArray[np.intp], names: Sequence[str]) -> Floats:
    """Snippets of some decoders that are called synthetic, in percent, track by track."""
    rows = [100 * per_track(scores[name] <= 0.5, tracks) for name in names]
    return np.asarray(np.mean(rows, axis=0), dtype=np.float64)


def false_alarms(scores: Scores, tracks: NDArray[np.intp]) -> Floats:
    """Snippets of human music that are called synthetic, in percent, track by track."""
    return detected(scores, tracks, ["real"])


def accuracy(scores: Scores, tracks: NDArray[np.intp], names: Sequence[str]) -> Floats:
    """Right decisions in percent, human and synthetic weighing the same, track by track."""
    return (100 - false_alarms(scores, tracks) + detected(scores, tracks, names)) / 2


def interval(values: Floats, seed: int) -> Interval:
    """Mean over tracks (or songs) and its bootstrap interval."""
    if len(values) < 2:
        raise ValueError(f"{len(values)} tracks are too few for an interval; take more music")
    found = bootstrap_interval(values, named_rng(seed, SLUG, "bootstrap"))
    # A percentile interval of a few equal values may end a rounding error short of the mean.
    return Interval(found.mean, min(found.low, found.mean), max(found.high, found.mean))


def class_table(scores: Mapping[str, Scores], tracks: NDArray[np.intp]) -> pd.DataFrame:
    """Right decisions in percent: one row a condition, one column a version."""
    rows = {
        condition: {
            name: (100 - false_alarms(by, tracks) if name == "real" else detected(by, tracks, [name])).mean()
            for name in by
        }
        for condition, by in scores.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def changed_scores(
    models: Mapping[str, _Detector], collection: Collection, seed: int, changes: Iterable[str] | None = None
) -> dict[str, dict[str, dict[str, Floats]]]:
    """Score the test side under each manipulation, by model, change and version; "none" among the changes.

    Each clip gets parameters of its own, the same for its human and its synthetic versions.
    Section 4 of Afchar et al. (2024). Chapter: music_deepfakes.
    """
    names = ["none", *(m.name for m in MANIPULATIONS), "heavy"] if changes is None else list(changes)
    found: dict[str, dict[str, dict[str, Floats]]] = {m: {c: {} for c in names} for m in models}
    for change in names:
        for version in collection.clips:
            clips = _changed(collection.part("test", version), change, seed)
            for model_name, model in models.items():
                found[model_name][change][version] = learn.clip_scores(model, {version: clips}, 1)[version]
    return found


def _changed(clips: Clips, change: str, seed: int) -> Clips:
    for name in {"none": (), "heavy": HEAVY}.get(change, (change,)):
        clips = manipulate(clips, name, named_rng(seed, SLUG, "change", name))
    return clips


def losses(
    scores: Mapping[str, Scores], tracks: NDArray[np.intp], names: Sequence[str]
) -> dict[str, tuple[Floats, Floats]]:
    """What each manipulation costs, track by track, in points.

    Returns
    -------
    dict of str to (ndarray, ndarray)
        By change: fakes no longer detected, and human music newly called synthetic.
    """
    before = detected(scores["none"], tracks, names), false_alarms(scores["none"], tracks)
    return {
        change: (before[0] - detected(by, tracks, names), false_alarms(by, tracks) - before[1])
        for change, by in scores.items()
        if change != "none"
    }


def transfer(scores: Mapping[str, Scores], tracks: NDArray[np.intp]) -> dict[str, dict[str, Floats]]:
    """Who else is detected by a detector of one decoder: relatives and strangers, in percent, by track.

    `scores` are by the decoder trained on. The codec's control shares its encoder and codes, but not its
    decoder: it is neither.
    """
    groups: dict[str, dict[str, Floats]] = {}
    for trained, by in scores.items():
        others = [name for name in by if name not in ("real", trained, "codec_nearest")]
        family = FAMILIES.get(trained, trained)
        relatives = [name for name in others if FAMILIES.get(name) == family]
        strangers = [name for name in others if FAMILIES.get(name) != family]
        groups[trained] = {
            "relatives": detected(by, tracks, relatives), "strangers": detected(by, tracks, strangers),
        }  # fmt: skip
    return groups


class Mixture(NamedTuple):
    """Scores of mixtures of human music and its reconstruction.

    `shares`, shape (n,): share of human music; `scores`, shape (n, n_tracks): mean score.
    """

    shares: Floats
    scores: Floats

    @property
    def distance(self) -> Floats:
        """Mean distance of the score from the share, shape (n_tracks,)."""
        return np.asarray(np.abs(self.scores - self.shares[:, np.newaxis]).mean(axis=0), dtype=np.float64)

    @property
    def half(self) -> Floats:
        """Score of a half-and-half mixture: mean of the two nearest shares, shape (n_tracks,)."""
        nearest = np.argsort(np.abs(self.shares - 0.5), kind="stable")[:2]
        return np.asarray(self.scores[nearest].mean(axis=0), dtype=np.float64)


def mixture(model: _Detector, collection: Collection, n_shares: int = 10) -> Mixture:
    """Mix human music with each of its reconstructions and score the mixture.

    Calibration experiment of the long version of Afchar et al. (2024): shares 0, 1/9, ..., 1.
    Chapter: music_deepfakes.
    """
    shares = np.linspace(0, 1, n_shares)
    tracks = collection.track_rows("test")
    human = collection.part("test", "real")
    rows = []
    for share in shares:
        mixed = {
            name: (share * human + (1 - share) * collection.part("test", name)).astype(np.float32)
            for name in collection.labels[1:]
        }
        rows.append(
            np.mean([per_track(s, tracks) for s in learn.clip_scores(model, mixed, 1).values()], axis=0)
        )
    return Mixture(shares, np.array(rows))


def reliability(scores: Mapping[str, Scores], n_bins: int = 10) -> pd.DataFrame:
    """How often music is human, by the score that it got.

    Parameters
    ----------
    scores : mapping of str to Scores
        By condition; human and synthetic snippets are weighted to be equally many.
    n_bins : int
        Of equal width.

    Returns
    -------
    DataFrame
        `condition`, `score` (mean in the bin), `human` (share), `weight` (share of all snippets).
    """
    rows = []
    for condition, by in scores.items():
        p = np.concatenate([values.ravel() for values in by.values()])
        human = np.concatenate([np.full(values.size, name == "real") for name, values in by.items()])
        weight = np.where(human, 0.5 / human.sum(), 0.5 / (~human).sum())
        place = np.minimum((p * n_bins).astype(int), n_bins - 1)
        for number in np.unique(place):
            inside = place == number
            share = weight[inside].sum()
            rows.append(
                (
                    condition,
                    np.average(p[inside], weights=weight[inside]),
                    weight[inside & human].sum() / share,
                    share,
                )
            )
    return pd.DataFrame(rows, columns=["condition", "score", "human", "weight"])


def residual_table(model: _Detector, collection: Collection, shares: Sequence[float]) -> pd.DataFrame:
    """Detection when only a share of a decoder's error is left: x + a (D(x) - x), then the export.

    An addition to the paper: it grades how hard a fake is. Chapter: music_deepfakes.

    Returns
    -------
    DataFrame
        `decoder`, `share` (a), `snr` (dB, median over clips), `detected` (percent).
    """
    rows = []
    test = collection.parts["test"]
    _, first = np.unique(collection.track_rows("test"), return_index=True)
    chosen = test[first]  # one clip a track
    human = collection.raw["real"][chosen]
    for name in collection.labels[1:]:
        error = collection.raw[name][chosen] - human
        level = 10 * np.log10((human**2).sum(axis=1) / np.maximum((error**2).sum(axis=1), 1e-12))
        for share in shares:
            clips = (
                collection.clips[name][chosen] if share == 1 else export(human + np.float32(share) * error)
            )
            values = learn.clip_scores(model, {name: clips}, 2)[name]
            rows.append((name, share, np.median(level) - 20 * np.log10(share), 100 * np.mean(values <= 0.5)))
    return pd.DataFrame(rows, columns=["decoder", "share", "snr", "detected"])


def tune(model: _Detector, collection: Collection, change: str, settings: Training, seed: int) -> _Detector:
    """Go on training a copy of a detector with a manipulation done to half of the snippets.

    Discussion of Afchar et al. (2024). Chapter: music_deepfakes.
    """
    device = str(next(model.parameters()).device)
    width = _width_of(model)
    copy = detector(model.kind, model.n_encoders, width, device=device)
    copy.load_state_dict(model.state_dict())
    draws = named_rng(seed, SLUG, "tune", change)

    def half(mono: Clips) -> Clips:
        chosen = draws.permutation(len(mono))[: len(mono) // 2]
        changed = mono.copy()
        changed[chosen] = manipulate(mono[chosen], change, draws)
        return changed

    drawn = learn.batches(
        collection.training_versions,
        collection.parts["train"],
        settings,
        draws.spawn(1)[0],
        device=device,
        change=half,
    )
    learn.fit_detector(copy, drawn, replace(settings, validation_steps=0))
    return copy


def _width_of(model: _Detector) -> float:
    """Width that a detector was made with, from its first layer."""
    first = next(p for p in model.parameters())
    return first.shape[0] / 16 if model.kind != "raw" else min(8 * first.shape[0] / 256, 1.0)


def outside_scores(model: _Detector, n_snippets: int = 8, seconds: float = 20.0) -> dict[str, Floats]:
    """Score the authors' ten versions of seven songs: music and decoders from outside, by version.

    Each array has shape (7, n_snippets). Chapter: music_deepfakes.

    Raises
    ------
    soundreasons.data.DataUnavailable
        If the clips are not on this machine.
    """
    examples = data.open("deepfake_examples")
    versions = {}
    for version in examples.versions:
        sounds = [decode(examples.paths[version, song], duration=seconds).samples for song in examples.songs]
        versions[version] = np.stack([sound.mean(axis=1) for sound in sounds])
    return learn.clip_scores(model, versions, n_snippets)
