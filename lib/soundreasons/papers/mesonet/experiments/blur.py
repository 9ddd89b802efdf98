"""Is it the blur? Detail of faces, faces that are blurred only, and what the networks look at.

Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.learning.intervals import bootstrap_interval
from soundreasons.papers.mesonet.data.weights import released
from soundreasons.papers.mesonet.experiments.detection import (
    Detectors,
    Estimate,
    Matrix,
    Task,
    auc,
    estimate,
    frames_right,
)
from soundreasons.papers.mesonet.experiments.looking import (
    background_share,
    detail_ratio,
    hidden_zones,
    ideal_inputs,
    mean_maps,
)
from soundreasons.papers.mesonet.fast import score
from soundreasons.papers.mesonet.method import THRESHOLD
from soundreasons.papers.mesonet.testbed.bench import Bench


def detail(
    bench: Bench, quantisation: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, Estimate]]:
    """Compare detail of face and background, real against each kind.

    Chapter: mesonet.

    Returns
    -------
    table : DataFrame, index: kind
        `ratio` (median of face over background), `auc` (chance that a real face has the higher).
    aucs : dict of Estimate
        By `detail_auc.<kind>`, with an interval that resamples scenes.
    """
    kinds = ("real", "passthrough", "swap", "transplant", "blur")
    ratios = {
        kind: np.stack([detail_ratio(clip.crops) for clip in bench.clips(kind, quantisation)])
        for kind in kinds
    }
    aucs = {}
    for kind in kinds[1:]:
        both = (ratios["real"], ratios[kind])
        mean, low, high = bootstrap_interval(both, rng, statistic=auc, n_resamples=200)
        aucs[f"detail_auc.{kind}"] = Estimate([mean], (low, high))
    table = pd.DataFrame(index=pd.Index(kinds, name="kind"))
    table["ratio"] = [float(np.median(ratios[kind])) for kind in kinds]
    table["auc"] = [np.nan, *(area.values[0] for area in aucs.values())]
    return table, aucs


def blur_called_forged(
    detectors: Detectors, level: int, seeds: Sequence[int], rng: np.random.Generator
) -> Estimate:
    """Share of blurred faces that Meso-4, trained on swaps, calls forged. Chapter: mesonet."""
    scores = detectors.scores(Task("meso4", "swap", level), seeds, on="blur", seen=True)
    return estimate(frames_right(scores, "blur"), rng)


def blur_without_control(detectors: Detectors, level: int, seed: int) -> float:
    """As `blur_called_forged`, of one detector that never saw faces pasted back unchanged.

    Pasting back at 64 pixels softens a face a little, and counts as real: does that teach a detector
    to forgive blur? Chapter: mesonet.
    """
    network = detectors.train(Task("meso4", "swap", level), ("real", "swap"), seed)
    clips = detectors.bench.test("blur", level, seen=True)
    return float(np.mean(score(network, np.concatenate([clip.crops for clip in clips])) <= THRESHOLD))


class Maps(NamedTuple):
    """Mean maps of the last convolution for real and forged faces, (16, side, side), of the first seed."""

    real: NDArray[np.float64]
    forged: NDArray[np.float64]


def activation_maps(
    detectors: Detectors, level: int, seeds: Sequence[int]
) -> tuple[Maps, dict[str, list[float]]]:
    """Average Meso-4's last maps over real and swapped test faces.

    Chapter: mesonet.

    Returns
    -------
    maps : Maps
    gains : dict of list of float
        For each seed, by how much the background's peak, over the face's, is higher for forged faces
        than for real ones; over the filters that respond at all. `background_gain`: mean difference of
        the logarithms of the two ratios; `background_gain_plain`: of the ratios, which a few filters
        rule that hardly respond inside the face.
    """
    gains: dict[str, list[float]] = {"background_gain": [], "background_gain_plain": []}
    first = None
    crops = {
        kind: np.concatenate([c.crops for c in detectors.bench.test(kind, level, seen=True)])
        for kind in ("real", "swap")
    }
    for seed in seeds:
        network = detectors.detector(Task("meso4", "swap", level), seed)
        maps = Maps(mean_maps(network, crops["real"]), mean_maps(network, crops["swap"]))
        alive = (np.ptp(maps.real, axis=(1, 2)) > 1e-6) & (np.ptp(maps.forged, axis=(1, 2)) > 1e-6)
        forged, real = background_share(maps.forged[alive]), background_share(maps.real[alive])
        gains["background_gain"].append(float(np.mean(np.log(forged + 1e-3) - np.log(real + 1e-3))))
        gains["background_gain_plain"].append(float(np.mean(forged - real)))
        first = first or maps
    assert first is not None
    return first, gains


class Ideals(NamedTuple):
    """Ideal inputs of the hidden units (16, side, side, 3), their output weights, and their detail ratios."""

    pictures: NDArray[np.float64]
    weights: NDArray[np.float64]
    ratios: NDArray[np.float64]


def ideals(steps: int, seed: int, *, device: str = "cpu") -> Ideals:
    """Find the ideal inputs of the released Meso-4 for deepfakes. Chapter: mesonet."""
    network = released("meso4", "deepfake", device=device)
    pictures = ideal_inputs(network, steps=steps, seed=seed)
    ratios = detail_ratio(np.round(255 * pictures).astype(np.uint8))
    return Ideals(pictures, network.output_weights.cpu().numpy().astype(np.float64), ratios)


def ideal_gap(found: Ideals, rng: np.random.Generator) -> Estimate | None:
    """Mean detail ratio of units that speak for real, less that of the others; the interval resamples units.

    None if all units speak for the same. Chapter: mesonet.
    """
    real, forged = found.ratios[found.weights > 0], found.ratios[found.weights <= 0]
    if len(real) < 2 or len(forged) < 2:
        return None
    speaks = np.repeat(["real", "forged"], [len(real), len(forged)])

    def gap(ratios: Matrix, axis: int) -> Matrix:
        first = ratios.take(range(len(real)), axis=axis).mean(axis)
        second = ratios.take(range(len(real), len(speaks)), axis=axis).mean(axis)
        return np.asarray(first - second)

    mean, low, high = bootstrap_interval(np.r_[real, forged], rng, statistic=gap, strata=speaks)
    return Estimate([mean], (low, high))


def zone_losses(detectors: Detectors, level: int, seeds: Sequence[int]) -> pd.DataFrame:
    """How far hiding a zone moves Meso-4's mean score on real and on swapped test faces.

    Chapter: mesonet.

    Returns
    -------
    DataFrame, index: zone
        `real`, `forged`: mean over the seeds; above 0: towards real.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for column, kind in (("real", "real"), ("forged", "swap")):
        crops = np.concatenate([c.crops for c in detectors.bench.test(kind, level, seen=True)])[::4]
        for seed in seeds:
            network = detectors.detector(Task("meso4", "swap", level), seed)
            scores = hidden_zones(network, crops)
            for zone in scores:
                if zone != "nothing":
                    moved = float(np.mean(scores[zone] - scores["nothing"]))
                    found.setdefault(zone, {}).setdefault(column, []).append(moved)
    return pd.DataFrame({z: {c: float(np.mean(v)) for c, v in cols.items()} for z, cols in found.items()}).T
