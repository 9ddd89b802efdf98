"""The experiments of the chapter, each a call that returns what the page shows and measures.

Chapter: mesonet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.media import video
from soundreasons.media.video import Pixels
from soundreasons.papers.mesonet import people
from soundreasons.papers.mesonet.alignment import crop, placement
from soundreasons.papers.mesonet.bench import Bench
from soundreasons.papers.mesonet.evaluation import (
    THRESHOLD,
    Estimate,
    Matrix,
    Study,
    accuracy_row,
    aggregation_curve,
    auc,
    balanced,
    estimate,
    frames_right,
)
from soundreasons.papers.mesonet.faces import follow
from soundreasons.papers.mesonet.looking import (
    background_share,
    detail_ratio,
    hidden_zones,
    ideal_inputs,
    mean_maps,
)
from soundreasons.papers.mesonet.networks import NETWORKS, FaceNetwork, Meso4, MesoInception4
from soundreasons.papers.mesonet.pictures import nearest, read_picture
from soundreasons.papers.mesonet.published import PICTURES, known_scores
from soundreasons.papers.mesonet.training import score, train_detector
from soundreasons.papers.mesonet.weights import RELEASED, released

Estimates = dict[str, Estimate]


def parameter_counts() -> dict[str, int]:
    """Count the trainable numbers of both networks at 256 pixels. Chapter: mesonet.

    Examples
    --------
    >>> parameter_counts()
    {'meso4': 27977, 'mesoinception4': 28615}
    """
    return {
        name: sum(p.numel() for p in network().parameters() if p.requires_grad)
        for name, network in NETWORKS.items()
    }


def layer_table(network: Meso4 | MesoInception4) -> pd.DataFrame:
    """Layer by layer: kind, output and trainable numbers. Chapter: mesonet."""
    rows = []
    x = torch.zeros(1, 3, network.size, network.size)
    with torch.inference_mode():
        for block in network.blocks:
            for layer in block:  # type: ignore[attr-defined]
                x = layer(x)
                numbers = sum(p.numel() for p in layer.parameters())
                rows.append((type(layer).__name__, " x ".join(map(str, x.shape[1:])), numbers))
        x = network._flat(torch.zeros(1, 3, network.size, network.size))
        for layer in network.head:
            x = layer(x)
            numbers = sum(p.numel() for p in layer.parameters())
            rows.append((type(layer).__name__, str(x.shape[1]), numbers))
    return pd.DataFrame(rows, columns=["layer", "output (channels x rows x columns)", "numbers"])


def picture_scores() -> tuple[pd.DataFrame, float]:
    """Score the four published pictures by the four released networks.

    Chapter: mesonet.

    Returns
    -------
    scores : DataFrame
        Index: (network, forgery); columns: the pictures.
    off : float
        Largest distance from the scores known from elsewhere.
    """
    folder = data.open("mesonet_released").folder / "test_images"
    faces = np.stack([nearest(read_picture(folder / name), 256) for name in PICTURES])
    known = known_scores()
    rows = [score(released(*which), faces) for which in RELEASED]
    found = pd.DataFrame(rows, index=known.index, columns=known.columns)
    return found, float((found - known).abs().to_numpy().max())


def bench_table(bench: Bench, quantisation: int) -> pd.DataFrame:
    """Count the scenes of each person by part of the split. Chapter: mesonet.

    Returns
    -------
    DataFrame, index: person
        `face shown in swaps`, `training scenes`, `test scenes`, `frames of a scene`; scenes of people
        never seen in training are all test scenes.
    """
    rows = {}
    for person in bench.cast.people:
        clips = [clip for clip in bench.clips("real", quantisation) if clip.person == person]
        n_train = sum(clip.is_seen and clip.part == "train" for clip in clips)
        n_test = sum(clip.part == "test" or not clip.is_seen for clip in clips)
        rows[person] = (bench.cast.swaps[person], n_train, n_test, len(clips[0].crops))
    columns = ["face shown in swaps", "training scenes", "test scenes", "frames of a scene"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("person")


def change_maps(
    bench: Bench, kinds: Sequence[str], quantisations: Sequence[int]
) -> dict[tuple[str, int], NDArray[np.float64]]:
    """Mean absolute difference from the untouched crops of the same level, in grey levels.

    Averaged over all scenes of all people: nobody can be recognised. Chapter: mesonet.
    """
    found = {}
    for quantisation in quantisations:
        real = bench.clips("real", quantisation)
        for kind in kinds:
            pairs = zip(bench.clips(kind, quantisation), real, strict=True)
            differences = [np.abs(a.crops.astype(np.int16) - b.crops).mean(axis=(0, 3)) for a, b in pairs]
            found[kind, quantisation] = np.mean(differences, axis=0)
    return found


def accuracies(
    study: Study, runs: Sequence[tuple[str, str, int]], seeds: Sequence[int]
) -> dict[tuple[str, str, int, str], dict[str, Matrix]]:
    """Train every detector of the run matrix, and test it on people seen and unseen.

    Chapter: mesonet.

    Parameters
    ----------
    study : Study
        Trains and scores.
    runs : sequence of (network, forgery, quantisation)
        What to train.
    seeds : sequence of int
        Each run once a seed.

    Returns
    -------
    dict
        By network, forgery, quantisation and "seen" or "unseen": matrices as of `accuracy_row`.
    """
    return {
        (*run, who): accuracy_row(study, *run, seeds, seen=who == "seen")
        for run in runs
        for who in ("seen", "unseen")
    }


def accuracy_table(found: Mapping[tuple[str, str, int, str], Mapping[str, Matrix]]) -> pd.DataFrame:
    """Lay the accuracies out, means over seeds and scenes. Chapter: mesonet."""
    rows = [
        (
            *key,
            *(
                float(matrices[name].mean())
                for name in ("forged", "real", "passed", "total", "clips", "clips_by_share")
            ),
        )
        for key, matrices in found.items()
    ]
    columns = [
        "network",
        "forgery",
        "level",
        "people",
        "forged",
        "real",
        "pasted back",
        "frames",
        "clips",
        "clips by share",
    ]
    return pd.DataFrame(rows, columns=columns)


def by_compression(
    found: Mapping[tuple[str, str, int, str], Mapping[str, Matrix]],
    forgery: str,
    who: str,
    rng: np.random.Generator,
) -> dict[str, tuple[float, float, float]]:
    """Meso-4's accuracy of frames at each level: mean and ends of the interval. Chapter: mesonet."""
    points = {}
    for (network, trained, level, people_), parts in found.items():
        if (network, trained, people_) == ("meso4", forgery, who):
            values, interval = estimate(parts["total"], rng)
            points[str(level)] = (float(np.mean(values)), *interval)
    return points


def compression_drops(
    found: Mapping[tuple[str, str, int, str], Mapping[str, Matrix]], forgery: str, rng: np.random.Generator
) -> Estimates:
    """Losses of Meso-4's accuracy from level to level, scene by scene. Chapter: mesonet.

    Returns
    -------
    dict of Estimate
        `q0_q23`, `q23_q40`, and `extra`, the second less the first; empty if a level is missing.
    """
    levels = [found.get(("meso4", forgery, q, "seen")) for q in (0, 23, 40)]
    if any(level is None for level in levels):
        return {}
    light, usual, heavy = (level["total"] for level in levels if level is not None)
    return {
        "q0_q23": estimate(light - usual, rng),
        "q23_q40": estimate(usual - heavy, rng),
        "extra": estimate((usual - heavy) - (light - usual), rng),
    }


class Aggregation(NamedTuple):
    """Accuracy of clips by the frames averaged; by I-frames, by all, by as many random ones."""

    curve: pd.DataFrame
    matrices: dict[str, Matrix]
    n_keys: float


def aggregate(
    study: Study,
    forgery: str,
    quantisation: int,
    seeds: Sequence[int],
    counts: Sequence[int],
    rng: np.random.Generator,
) -> Aggregation:
    """Aggregate Meso-4's frames of the test clips of all people, seen and unseen. Chapter: mesonet."""
    parts = {}
    for kind in ("real", forgery):
        parts[kind] = np.concatenate(
            [study.scores("meso4", forgery, quantisation, seeds, on=kind, seen=s) for s in (True, False)],
            axis=1,
        )
    clips = [c for s in (True, False) for c in study.bench.test("real", quantisation, seen=s)]
    curve, matrices = aggregation_curve(
        parts["real"], parts[forgery], forgery, rng, clips=clips, counts=counts
    )
    return Aggregation(curve, matrices, float(np.mean([clip.is_key.sum() for clip in clips])))


def transfer(
    study: Study, quantisation: int, seeds: Mapping[str, Sequence[int]], rng: np.random.Generator
) -> tuple[pd.DataFrame, Estimates]:
    """Test Meso-4, trained on one forgery, on every kind of clip of people seen; seeds by forgery.

    Chapter: mesonet.

    Returns
    -------
    table : DataFrame
        Share of the frames called right; rows: trained on, columns: tested on.
    losses : dict of Estimate
        `swap_to_transplant` and `transplant_to_swap`: balanced accuracy on the forgery trained on,
        less that on the other.
    """
    kinds = ("real", "passthrough", "swap", "transplant", "blur")
    right = {
        (forgery, kind): frames_right(
            study.scores("meso4", forgery, quantisation, seeds[forgery], on=kind, seen=True), kind
        )
        for forgery in ("swap", "transplant")
        for kind in kinds
    }
    table = pd.DataFrame(
        [[float(right[forgery, kind].mean()) for kind in kinds] for forgery in ("swap", "transplant")],
        index=["swap", "transplant"],
        columns=["real", "pasted back", "swap", "transplant", "blur"],
    )
    losses = {}
    for own, other in (("swap", "transplant"), ("transplant", "swap")):
        real = right[own, "real"]
        loss = balanced(real, right[own, own]) - balanced(real, right[own, other])
        losses[f"{own}_to_{other}"] = estimate(loss, rng)
    return table, losses


def blur_called_forged(
    study: Study, quantisation: int, seeds: Sequence[int], rng: np.random.Generator
) -> Estimate:
    """Share of blurred faces that Meso-4, trained on swaps, calls forged. Chapter: mesonet."""
    scores = study.scores("meso4", "swap", quantisation, seeds, on="blur", seen=True)
    return estimate(frames_right(scores, "blur"), rng)


def blur_without_control(study: Study, quantisation: int, seed: int) -> float:
    """As `blur_called_forged`, of one detector that never saw faces pasted back unchanged.

    Pasting back at 64 pixels softens a face a little, and counts as real: does that teach a detector
    to forgive blur? Chapter: mesonet.
    """
    groups = [
        (np.concatenate([clip.crops for clip in study.bench.train(kind, quantisation)]), kind == "real")
        for kind in ("real", "swap")
    ]
    network = train_detector(
        "meso4", groups, settings=study.trainings["swap"], seed=seed, device=study.device
    )
    clips = study.bench.test("blur", quantisation, seen=True)
    return float(np.mean(score(network, np.concatenate([clip.crops for clip in clips])) <= THRESHOLD))


def detail(bench: Bench, quantisation: int, rng: np.random.Generator) -> tuple[pd.DataFrame, Estimates]:
    """Compare detail of face and background, real against each kind.

    Chapter: mesonet.

    Returns
    -------
    table : DataFrame, index: kind
        `ratio` (median of face over background), `auc` (chance that a real face has the higher).
    aucs : dict of Estimate
        By kind, with an interval that resamples scenes.
    """
    kinds = ("real", "passthrough", "swap", "transplant", "blur")
    ratios = {
        kind: np.stack([detail_ratio(clip.crops) for clip in bench.clips(kind, quantisation)])
        for kind in kinds
    }
    aucs = {}
    for kind in kinds[1:]:
        drawn = rng.integers(len(ratios["real"]), size=(200, len(ratios["real"])))
        values = [auc(ratios["real"][rows], ratios[kind][rows]) for rows in drawn]
        low, high = np.quantile(values, [0.025, 0.975])
        mean = auc(ratios["real"], ratios[kind])
        aucs[kind] = Estimate([mean], (min(float(low), mean), max(float(high), mean)))
    table = (
        pd.DataFrame(
            {
                "ratio": {k: float(np.median(v)) for k, v in ratios.items()},
                "auc": {k: v.values[0] for k, v in aucs.items()},
            }
        )
        .rename_axis("kind")
        .loc[list(kinds)]
    )
    return table, aucs


class Maps(NamedTuple):
    """Mean maps of the last convolution for real and forged faces, (16, side, side), of the first seed."""

    real: NDArray[np.float64]
    forged: NDArray[np.float64]


def activation_maps(
    study: Study, quantisation: int, seeds: Sequence[int]
) -> tuple[Maps, dict[str, list[float]]]:
    """Average Meso-4's last maps over real and swapped test faces.

    Chapter: mesonet.

    Returns
    -------
    maps : Maps
    gains : dict of list of float
        For each seed, by how much the background's peak, over the face's, is higher for forged faces
        than for real ones; over the filters that respond at all. `log`: mean difference of the
        logarithms of the two ratios; `plain`: of the ratios, which a few filters rule that hardly
        respond inside the face.
    """
    gains: dict[str, list[float]] = {"log": [], "plain": []}
    first = None
    crops = {
        kind: np.concatenate([c.crops for c in study.bench.test(kind, quantisation, seen=True)])
        for kind in ("real", "swap")
    }
    for seed in seeds:
        network = study.detector("meso4", "swap", quantisation, seed)
        assert isinstance(network, Meso4)
        maps = Maps(mean_maps(network, crops["real"]), mean_maps(network, crops["swap"]))
        alive = (np.ptp(maps.real, axis=(1, 2)) > 1e-6) & (np.ptp(maps.forged, axis=(1, 2)) > 1e-6)
        forged, real = background_share(maps.forged[alive]), background_share(maps.real[alive])
        gains["log"].append(float(np.mean(np.log(forged + 1e-3) - np.log(real + 1e-3))))
        gains["plain"].append(float(np.mean(forged - real)))
        first = first or maps
    assert first is not None
    return first, gains


class Ideals(NamedTuple):
    """Ideal inputs of the hidden units (16, side, side, 3), their output weights, and their detail ratios."""

    pictures: NDArray[np.float64]
    weights: NDArray[np.float64]
    ratios: NDArray[np.float64]


def ideals(steps: int, seed: int, *, device: str = "cpu") -> Ideals:
    """Climb to the ideal inputs of the released Meso-4 for deepfakes. Chapter: mesonet."""
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
    draws = [rng.choice(real, len(real)).mean() - rng.choice(forged, len(forged)).mean() for _ in range(2000)]
    gap = float(real.mean() - forged.mean())
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate([gap], (min(float(low), gap), max(float(high), gap)))


def zone_losses(study: Study, quantisation: int, seeds: Sequence[int]) -> pd.DataFrame:
    """How far hiding a zone moves Meso-4's mean score on real and on swapped test faces.

    Chapter: mesonet.

    Returns
    -------
    DataFrame, index: zone
        `real`, `forged`: mean over the seeds; above 0: towards real.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for column, kind in (("real", "real"), ("forged", "swap")):
        crops = np.concatenate([c.crops for c in study.bench.test(kind, quantisation, seen=True)])[::4]
        for seed in seeds:
            network = study.detector("meso4", "swap", quantisation, seed)
            assert isinstance(network, Meso4)
            scores = hidden_zones(network, crops)
            for zone in scores:
                if zone != "nothing":
                    moved = float(np.mean(scores[zone] - scores["nothing"]))
                    found.setdefault(zone, {}).setdefault(column, []).append(moved)
    return pd.DataFrame({z: {c: float(np.mean(v)) for c, v in cols.items()} for z, cols in found.items()}).T


class Ours(NamedTuple):
    """Detectors of ours of one kind, one a seed, and whom of the photographs they were not trained on."""

    networks: Sequence[FaceNetwork]
    strangers: slice


def ours(
    study: Study, network: str, quantisation: int, seeds: Sequence[int], strangers: slice | None = None
) -> Ours:
    """Gather detectors of swaps for `false_alarms`; all of the photographs show strangers unless told.

    Chapter: mesonet.
    """
    found = [study.detector(network, "swap", quantisation, seed) for seed in seeds]
    return Ours(found, strangers or slice(None))


def _videos() -> Iterator[tuple[str, str]]:
    for person, footages in people.PEOPLE.items():
        for footage in footages:
            if data.available(footage.entry):
                yield person, str(data.open(footage.entry).folder / footage.file)


def false_alarms(n_frames: int, own: Mapping[str, Ours] | None = None) -> pd.DataFrame:
    """Ask the released networks, and ours, about videos that nobody forged.

    Chapter: mesonet.

    Parameters
    ----------
    n_frames : int
        Frames of each video.
    own : mapping of str to Ours, optional
        Detectors of ours, by the name of their column.

    Returns
    -------
    DataFrame, index: video
        Share of the faces called real, by network and forgery, mean over the seeds of ours: all of
        them should be.
    """
    columns = _released() | dict(own or {})
    rows = {}
    for _, path in _videos():
        frames = [frame.pixels for frame in video.sample(path, n_frames)[0]]
        track = follow(frames)[0]
        places = [(frames[n], placement(face)) for n, face in zip(track.numbers, track.faces, strict=True)]
        sides = {network.size for kind in columns.values() for network in kind.networks}
        crops = {side: np.stack([crop(pixels, where, side) for pixels, where in places]) for side in sides}
        name = path.replace("\\", "/").rpartition("/")[2].partition(".")[0]
        rows[name] = {column: called_real(kind, crops) for column, kind in columns.items()}
    return pd.DataFrame(rows).T


def _released() -> dict[str, Ours]:
    """The released networks, if their weights are here."""
    if not data.available("mesonet_released"):
        return {}
    return {f"{n}, {f}": Ours([released(n, f)], slice(None)) for n, f in RELEASED}


def called_real(kind: Ours, crops: Mapping[int, Pixels]) -> float:
    """Share of some faces, given by their side in pixels, that detectors call real; mean over the seeds.

    Chapter: mesonet.
    """
    shares = [np.mean(score(network, crops[network.size]) > THRESHOLD) for network in kind.networks]
    return float(np.mean(shares))


def portraits_called_real(n: int, own: Mapping[str, Ours] | None = None) -> dict[str, float]:
    """Ask the released networks, and ours, about people of the ORL photographs; share called real.

    The photographs are small and grey; the first `n` of each person are resized as they are. Ours are
    asked about people whom they were not trained on. Chapter: mesonet.
    """
    pictures = data.open("orl_faces").pictures[:, :n, 10:102]
    columns = _released() | dict(own or {})
    found = {}
    for column, kind in columns.items():
        asked = pictures[kind.strangers].reshape(-1, 92, 92)
        side = kind.networks[0].size
        crops = np.stack([nearest(np.repeat(p[:, :, None], 3, axis=2), side) for p in asked])
        found[column] = called_real(kind, {side: crops})
    return found
