"""Real tags, and the orders that people made: trees of co-occurrence, a map, genres that meet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from soundreasons import data
from soundreasons.papers.concept_hierarchies import fast, method
from soundreasons.papers.concept_hierarchies.data.concepts import named_concepts
from soundreasons.papers.concept_hierarchies.data.orders import map_positions, order, relation
from soundreasons.papers.concept_hierarchies.data.tags import jamendo_tags
from soundreasons.papers.concept_hierarchies.experiments.probing import Measures, ProbedSet, probe_concepts

TAG_THRESHOLD = 0.05  # co-occurrence rates are small; the paper's 0.5 joins hardly any tags


def cooccurrence(labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Estimate P(j | i): of the tracks of concept i, which share has concept j.

    The setting of Heymann and Garcia-Molina (2006). Row: whose tracks. Chapter: concept_hierarchies.

    Parameters
    ----------
    labels : ndarray of bool, shape (n_tracks, n_concepts)
        Who has which concept.

    Returns
    -------
    ndarray, shape (n_concepts, n_concepts)
        1 on the diagonal.

    Raises
    ------
    ValueError
        If a concept has no track.

    Examples
    --------
    >>> cooccurrence(np.array([[True, True], [True, False]])).tolist()
    [[1.0, 0.5], [1.0, 1.0]]
    """
    counts = labels.T.astype(np.float64) @ labels.astype(np.float64)
    own = np.diag(counts)
    if (own == 0).any():
        raise ValueError(f"concept {int(own.argmin())} has no track, so nothing occurs with it; leave it out")
    return np.asarray(counts / own[:, np.newaxis])


def tag_hierarchy(similarity: NDArray[np.float64], threshold: float = TAG_THRESHOLD) -> method.Hierarchy:
    """Build a tree of tags from rates of co-occurrence: low threshold, no least similarity.

    Chapter: concept_hierarchies.
    """
    return method.build_hierarchy(
        similarity, fast.betweenness(method.similarity_graph(similarity, threshold)), min_similarity=0.0
    )


@dataclass(frozen=True)
class TagAgreement:
    """How a tree of tags agrees with an order.

    Attributes
    ----------
    rate, transposed, cosine : float
        Share of judged edges whose ends are related: for S[i, j] = P(j | i), for its transpose, and for
        cosines of co-occurrence.
    n_judged : int
        Edges between two known tags, of the first tree.
    null : Null
        The same for random trees.
    """

    rate: float
    transposed: float
    cosine: float
    n_judged: int
    null: method.Null

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of `rate`, for the number of judged edges."""
        return method.share_interval(self.rate, self.n_judged)


def tag_agreement(name: str, rng: np.random.Generator, n_draws: int = 1000) -> TagAgreement:
    """Build a tree of tags and judge it by an order.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    name : str
        A key of `data.orders.ORDERS`.
    rng : Generator
        Of the random trees.
    n_draws : int
        Number of random trees.

    Raises
    ------
    ValueError
        If the order is unknown.
    """
    people = order(name)
    tags = people.tags()
    related, known = relation(tags.names, people.branches())
    similarity = cooccurrence(tags.labels)

    def score(structure: NDArray[np.uint8]) -> float:
        return method.related_share(structure, related, known)

    tree = tag_hierarchy(similarity)
    cosines = method.embedding_similarity(similarity)
    return TagAgreement(
        score(tree),
        score(tag_hierarchy(np.ascontiguousarray(similarity.T))),
        score(tag_hierarchy(cosines, threshold=float(np.quantile(cosines, 0.9)))),
        int(known[method.edges(tree)].all(axis=1).sum()),
        method.random_null(score, len(tags.names), rng, n_draws),
    )


def agreement_table(found: Mapping[str, TagAgreement]) -> pd.DataFrame:
    """Lay agreements side by side (%), one row a pair of tags and order. Chapter: concept_hierarchies."""
    rows = {
        name: {
            "judged edges": each.n_judged,
            "P(j | i)": 100 * each.rate,
            "transposed": 100 * each.transposed,
            "cosine": 100 * each.cosine,
            "random": 100 * each.null.mean,
            "random, 97.5 %": 100 * each.null.high,
        }
        for name, each in found.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("tags and order")


def agreement_measures(found: Mapping[str, TagAgreement]) -> Measures:
    """Name what was found: `tags.ORDER`, with its interval, and `.judged`, `.random`, `.random_high` of it.

    Chapter: concept_hierarchies.
    """
    named: Measures = {}
    for name, each in found.items():
        low, high = each.interval
        chance = {"random": each.null.mean, "random_high": each.null.high}
        named[f"tags.{name}"] = {"values": 100 * each.rate, "unit": "%", "interval": (100 * low, 100 * high)}
        named[f"tags.{name}.judged"] = {"values": each.n_judged, "exact": True}
        named |= {
            f"tags.{name}.{what}": {"values": 100 * value, "unit": "%", "exact": True}
            for what, value in chance.items()
        }
    return named


def map_measures(rngs: Sequence[np.random.Generator]) -> Measures:
    """Distance on the map of Every Noise of genres joined by the tree of Jamendo's, and of random partners.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    rngs : sequence of Generator
        One a draw of random partners.

    Returns
    -------
    dict
        `map.joined`, with its interval over edges, and `map.random`, in pixels.
    """
    tags = jamendo_tags("genre")
    positions, known = map_positions(tags.names)
    on_map = np.flatnonzero(known)
    tree = tag_hierarchy(cooccurrence(tags.labels))[np.ix_(on_map, on_map)]
    joined = method.edge_scores(tree, positions[on_map])
    ends = joined.mean - joined.half_width, joined.mean + joined.half_width
    chance = [
        method.edge_scores(method.random_partners(len(on_map), rng), positions[on_map]).mean for rng in rngs
    ]
    return {
        "map.joined": {"values": joined.mean, "interval": ends, "unit": "px"},
        "map.random": {"values": np.mean(chance), "exact": True, "unit": "px"},
    }


def probed_genres(settings: method.ProbeSettings, seed: int) -> ProbedSet:
    """Probe a second, quite different space: 57 librosa statistics of the clips of GTZAN, standardised.

    Exact repetitions are left out. The scale comes from all clips; their labels are not looked at. Chapter:
    concept_hierarchies.
    """
    clips = data.open("gtzan_features").clips
    numbers = [name for name in clips.columns if name not in ("filename", "length", "label")]
    clips = clips.drop_duplicates(numbers)
    values = clips[numbers].to_numpy(dtype=np.float64)
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    concepts = named_concepts(clips["label"].tolist(), "genre", 30)
    return probe_concepts(concepts, scaled[:, np.newaxis].astype(np.float32), settings, seed=seed)


def genre_agreement(probed: ProbedSet, rng: np.random.Generator, n_draws: int = 1000) -> dict[str, float]:
    """Do genres alike in sound also meet on the same tracks? Rank correlation with Jamendo's co-occurrence.

    Chapter: concept_hierarchies.

    Returns
    -------
    dict of float
        `correlation` (Spearman, over pairs of genres), `permuted_high` (97.5th percentile with the names
        exchanged), `n_genres`.
    """
    tags = jamendo_tags("genre")
    shared = [name for name in probed.concepts.names if name in tags.names]
    own = np.array([probed.concepts.names.index(name) for name in shared])
    other = np.array([tags.names.index(name) for name in shared])
    sound = probed.similarity[np.ix_(own, own)]
    met = cooccurrence(tags.labels[:, other])
    first, second = np.triu_indices(len(shared), 1)

    def correlation(order: NDArray[np.int64]) -> float:
        moved = sound[np.ix_(order, order)]
        pairs = (moved + moved.T)[first, second], (met + met.T)[first, second]
        return float(stats.spearmanr(*pairs).statistic)

    chance = [correlation(rng.permutation(len(shared))) for _ in range(n_draws)]
    return {
        "correlation": correlation(np.arange(len(shared))),
        "permuted_high": float(np.quantile(chance, 0.975)),
        "n_genres": len(shared),
    }


def genre_measures(sets: Sequence[ProbedSet], met: Sequence[Mapping[str, float]]) -> Measures:
    """Name what `probed_genres` and `genre_agreement` found, one a seed. Chapter: concept_hierarchies."""
    return {
        "accuracy.gtzan": {"values": [100 * each.probes.accuracy.mean() for each in sets], "unit": "%"},
        "genres.correlation": {"values": [each["correlation"] for each in met]},
        "genres.permuted_high": {"values": [each["permuted_high"] for each in met]},
    }


def genre_table(sets: Sequence[ProbedSet], met: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    """Means over seeds of the same, to read. Chapter: concept_hierarchies."""
    means = pd.DataFrame(met).mean()
    shown = {
        "accuracy of the probes, %": 100 * np.mean([each.probes.accuracy.mean() for each in sets]),
        "rank correlation with co-occurrence": means["correlation"],
        "what 2.5 % of exchanged names exceed": means["permuted_high"],
    }
    return pd.Series(shown, name="value").rename_axis("what").to_frame()
