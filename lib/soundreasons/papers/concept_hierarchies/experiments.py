"""The experiments of the chapter: from clips to trees, and what is measured of them.

Task: one `Study` per seed and kind of clip holds concepts, probes and similarity; the functions below take
it and give numbers and tables.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from soundreasons import data
from soundreasons.papers.concept_hierarchies.agreement import (
    ancestor_f1,
    nearest_in_group,
    permuted_null,
    random_null,
    same_group_share,
    sibling_distances,
    true_parent_share,
)
from soundreasons.papers.concept_hierarchies.clips import Companions, Renderer, plan_clips
from soundreasons.papers.concept_hierarchies.concepts import (
    NOWHERE,
    ConceptSet,
    clip_concepts,
    named_concepts,
)
from soundreasons.papers.concept_hierarchies.embedding import Layers, embedded_clips, embedded_samples
from soundreasons.papers.concept_hierarchies.hierarchy import Hierarchy, build_hierarchy, depths
from soundreasons.papers.concept_hierarchies.probes import (
    TEST,
    Probes,
    ProbeSettings,
    fit_probes,
    kept,
    probabilities,
    shuffled_labels,
    split_tracks,
)
from soundreasons.papers.concept_hierarchies.similarity import (
    betweenness,
    concept_similarity,
    density,
    similarity_graph,
    threshold_for,
)
from soundreasons.papers.concept_hierarchies.structures import (
    edge_scores,
    embedding_hierarchy,
    n_components,
    random_partners,
    structures,
    top_one,
)
from soundreasons.papers.concept_hierarchies.taxonomies import jamendo_tags, needed
from soundreasons.papers.concept_hierarchies.vectors import cooccurrence, cooccurrence_vectors, text_vectors

SPLIT_SEED = 123
WHOLE_BATCH = ProbeSettings(
    sampling="expected", epochs=40, steps=25, learning_rate=0.01, patience=8, plateau=4
)
LAYER_SETTINGS = replace(WHOLE_BATCH, epochs=24, steps=20, patience=4, plateau=2)
PROGRAMS, INSTRUMENTS = ("program",), ("program", "family")


@dataclass(frozen=True)
class Study:
    """Clips with their concepts, the probes fitted on one layer, and how alike concepts are.

    Attributes
    ----------
    concepts : ConceptSet
    layers : dict of ndarray
        From `embed_patches`.
    parts : ndarray of int8, shape (n_clips, n_concepts)
        Who is for training, validation and test.
    probes : Probes
    similarity : ndarray, shape (n_concepts, n_concepts)
        S.
    """

    concepts: ConceptSet
    layers: Layers
    parts: NDArray[np.int8]
    probes: Probes
    similarity: NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """Some concepts of a study that pass the filter, with their part of S and their vectors."""

    concepts: ConceptSet
    similarity: NDArray[np.float64]
    probes: Probes

    @property
    def tree(self) -> Hierarchy:
        """The hierarchy with the paper's settings."""
        return build_hierarchy(self.similarity, betweenness(similarity_graph(self.similarity)))


def clip_study(
    companions: Companions,
    n_clips: int,
    seed: int,
    settings: ProbeSettings,
    *,
    min_positives: int = 30,
    device: str = "cpu",
) -> Study:
    """Render, embed and probe clips of one seed.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    companions : {"family", "independent"}
        How programs meet in a clip; see `plan_clips`.
    n_clips : int
        How many.
    seed : int
        Of clips, split and training.
    settings : ProbeSettings
        Of the training.
    min_positives : int
        Clips that a concept must have.
    device : str
        Where it is computed.

    Returns
    -------
    Study
    """
    plan, layers = embedded_clips(n_clips, companions, seed, device=device)
    concepts = clip_concepts(plan, min_positives)
    return studied(concepts, layers, settings, seed=seed, device=device)


def studied(
    concepts: ConceptSet,
    layers: Layers,
    settings: ProbeSettings,
    *,
    layer: str = "pool5",
    seed: int = 0,
    common: bool = False,
    device: str = "cpu",
) -> Study:
    """Split, fit and compare concepts on one layer. Chapter: concept_hierarchies."""
    parts = split_tracks(concepts.labels, SPLIT_SEED + seed, common=common)
    probes = fit_probes(layers[layer], concepts.labels, parts, settings, seed=seed, device=device)
    tested = concepts.labels & (parts == TEST)
    return Study(
        concepts, layers, parts, probes, concept_similarity(probabilities(layers[layer], probes), tested)
    )


def shuffled_probes(
    study: Study, settings: ProbeSettings, rng: np.random.Generator, *, device: str = "cpu"
) -> Probes:
    """Fit the same probes on labels that were given to other clips. Chapter: concept_hierarchies."""
    labels = shuffled_labels(study.concepts.labels, rng)
    parts = split_tracks(labels, SPLIT_SEED)
    return fit_probes(study.layers["pool5"], labels, parts, settings, device=device)


def view(study: Study, kinds: tuple[str, ...] = INSTRUMENTS, *, least: float = 0.70) -> View:
    """Take the concepts of some kinds that pass the paper's filter. Chapter: concept_hierarchies."""
    numbers = np.intersect1d(study.concepts.of_kind(*kinds), kept(study.probes, least))
    if len(numbers) < 3:
        raise ValueError(f"{len(numbers)} concepts of {', '.join(kinds)} pass the filter, expected 3 or more")
    probes = study.probes
    chosen = Probes(
        probes.vectors[numbers], probes.biases[numbers], probes.accuracy[numbers], probes.epochs[numbers]
    )
    return View(study.concepts.chosen(numbers), study.similarity[np.ix_(numbers, numbers)], chosen)


def library_accuracy(study: Study, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Fit some of the probes with scikit-learn, on the same split: balanced test accuracy of each.

    Chapter: concept_hierarchies.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score

    features = study.layers["pool5"].mean(axis=1)
    found = []
    for k in numbers:
        fitted, tested = study.parts[:, k] != TEST, study.parts[:, k] == TEST
        model = LogisticRegression(C=0.1, class_weight="balanced", max_iter=500)
        model.fit(features[fitted], study.concepts.labels[fitted, k])
        found.append(
            balanced_accuracy_score(study.concepts.labels[tested, k], model.predict(features[tested]))
        )
    return np.array(found)


def truth_scores(seen: View, rng: np.random.Generator, n_draws: int) -> dict[str, float]:
    """Compare the tree with the families, beside chance and Top-1; shares in %.

    Chapter: concept_hierarchies.

    Returns
    -------
    dict of float
        `same_group`, `random` and `permuted` (means of the nulls), `random_high` (their 97.5th percentile),
        `top_1`, `true_parent`, `ancestor_f1` and `ancestor_f1_permuted` where there are families.
    """
    group, tree = seen.concepts.group, seen.tree
    chance = random_null(lambda t: same_group_share(t, group), len(group), rng, n_draws)
    permuted = permuted_null(lambda t: same_group_share(t, group), tree, rng, n_draws)
    found = {
        "same_group": same_group_share(tree, group),
        "random": chance.mean,
        "random_high": chance.high,
        "permuted": permuted.mean,
        "top_1": same_group_share(top_one(seen.similarity), group),
    }
    parent = seen.concepts.true_parent
    if (parent != NOWHERE).any():
        found["true_parent"] = true_parent_share(tree, parent)
        found["ancestor_f1"] = ancestor_f1(tree, parent)
        found["ancestor_f1_permuted"] = permuted_null(
            lambda t: ancestor_f1(t, parent), tree, rng, n_draws
        ).mean
    return {name: 100 * value for name, value in found.items()}


def vector_scores(seen: View, rng: np.random.Generator, n_draws: int = 200) -> dict[str, float]:
    """Do vectors of one family lie together? Nearest in the family (%), and distances.

    Chapter: concept_hierarchies.

    Returns
    -------
    dict of float
        `nearest`, `nearest_permuted` (labels exchanged), `siblings`, `strangers` (mean distance).
    """
    vectors, group = seen.probes.extended, seen.concepts.group
    chance = [nearest_in_group(vectors, rng.permutation(group)) for _ in range(n_draws)]
    siblings, strangers = sibling_distances(vectors, group)
    return {
        "nearest": 100 * nearest_in_group(vectors, group),
        "nearest_permuted": 100 * float(np.mean(chance)),
        "siblings": siblings,
        "strangers": strangers,
    }


def columns_of(seen: View) -> dict[str, tuple[NDArray[np.float64], str]]:
    """Give the columns of the tables: audio, co-occurrence, names. Chapter: concept_hierarchies."""
    found: dict[str, tuple[NDArray[np.float64], str]] = {
        "audio": (seen.probes.extended, "euclidean"),
        "usage": (cooccurrence_vectors(seen.concepts.labels), "euclidean"),
    }
    if data.available("word_vectors"):
        found["words"] = (text_vectors(seen.concepts.names), "cosine")
    return found


def source_scores(seen: View, rng: np.random.Generator) -> pd.DataFrame:
    """Re-make the paper's first table: one tree a source, judged by every source.

    Chapter: concept_hierarchies.

    Returns
    -------
    DataFrame
        Rows `audio` (S of the probes), `usage`, `words`, `random`; for each column mean and half width.
    """
    columns = columns_of(seen)
    trees: dict[str, NDArray[Any]] = {"audio": seen.tree}
    for name, (vectors, kind) in columns.items():
        if name != "audio":
            trees[name] = embedding_hierarchy(vectors, kind)  # type: ignore[arg-type]
    trees["random"] = random_partners(seen.concepts.n_concepts, rng)
    return _scored(trees, columns)


def structure_scores(seen: View, rng: np.random.Generator) -> pd.DataFrame:
    """Re-make the paper's second table: structures out of S, judged by every source.

    Chapter: concept_hierarchies.

    Returns
    -------
    DataFrame
        Rows as `structures` names them; beside the columns `edges`, `components` and, for the tree,
        `depth`. A structure without an edge is left out.
    """
    found = {name: s for name, s in structures(seen.similarity, rng).items() if s[: s.shape[1]].any()}
    table = _scored(found, columns_of(seen))
    table["edges"] = [int(s[: s.shape[1]].sum()) for s in found.values()]
    table["components"] = [n_components(s) for s in found.values()]
    table["depth"] = [int(depths(s).max()) if len(s) > s.shape[1] else None for s in found.values()]
    table["same group, %"] = [100 * same_group_share(s, seen.concepts.group) for s in found.values()]
    return table


def _scored(
    found: dict[str, NDArray[Any]], columns: dict[str, tuple[NDArray[np.float64], str]]
) -> pd.DataFrame:
    rows: dict[str, dict[str, float]] = {}
    for name, structure in found.items():
        rows[name] = {}
        for column, (vectors, kind) in columns.items():
            score = edge_scores(structure, vectors, kind)  # type: ignore[arg-type]
            rows[name] |= {column: score.mean, f"{column}_half": score.half_width}
    return pd.DataFrame.from_dict(rows, orient="index")


def with_intervals(table: pd.DataFrame) -> pd.DataFrame:
    """Write each mean and half width of a table into one cell, for a page. Chapter: concept_hierarchies."""
    shown = pd.DataFrame(index=table.index)
    for column in table.columns:
        if column.endswith("_half"):
            continue
        half = f"{column}_half"
        shown[column] = (
            [f"{m:.3f} ± {h:.3f}" for m, h in zip(table[column], table[half], strict=True)]
            if half in table
            else table[column]
        )
    return shown


def layer_scores(study: Study, *, device: str = "cpu") -> pd.DataFrame:
    """Probe each layer in the same way, on all concepts, whether or not they pass the filter.

    Layers are scaled to a common spread, so that one learning rate suits all. Chapter: concept_hierarchies.

    Returns
    -------
    DataFrame
        One row a layer: `dimensions`, and in % `accuracy`, `nearest` (programs whose nearest vector is of
        their family), `same_group` (edges within a family in the tree of the programs).
    """
    rows = {}
    for layer, values in study.layers.items():
        scaled = {layer: values / values.std()}
        again = studied(study.concepts, scaled, LAYER_SETTINGS, layer=layer, device=device)
        seen = view(again, PROGRAMS, least=0.0)
        rows[layer] = {
            "dimensions": values.shape[2],
            "accuracy": 100 * float(again.probes.accuracy.mean()),
            "nearest": 100 * nearest_in_group(seen.probes.vectors, seen.concepts.group),
            "same_group": 100 * same_group_share(seen.tree, seen.concepts.group),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def sensitivity(study: Study, rng: np.random.Generator, *, device: str = "cpu") -> pd.DataFrame:
    """Change one choice at a time: edges within a family (%), children of the root, density of the graph.

    Chapter: concept_hierarchies.

    Returns
    -------
    DataFrame
        One row a variant, the first the paper's own.
    """
    seen = view(study)
    similarity, group = seen.similarity, seen.concepts.group
    centre = betweenness(similarity_graph(similarity))
    rows: dict[str, dict[str, float]] = {}

    def note(name: str, tree: Hierarchy, graph: NDArray[Any] | None = None) -> None:
        used = similarity_graph(similarity) if graph is None else graph
        rows[name] = {
            "same_group": 100 * same_group_share(tree, group),
            "below_root": int(tree[-1].sum()),
            "density": density(used),
        }

    note("as in the paper", build_hierarchy(similarity, centre))
    for threshold in (0.3, 0.4, 0.6, 0.66):
        graph = similarity_graph(similarity, threshold)
        note(f"threshold {threshold}", build_hierarchy(similarity, betweenness(graph)), graph)
    graph = similarity_graph(similarity, threshold_for(similarity, 0.1))
    note("threshold for a tenth", build_hierarchy(similarity, betweenness(graph)), graph)
    for children in (2, 5, 10_000):
        name = "any number of children" if children > 1000 else f"at most {children} children"
        note(name, build_hierarchy(similarity, centre, max_children=children))
    for least in (0.0, 0.4):
        note(f"least similarity {least}", build_hierarchy(similarity, centre, min_similarity=least))
    note("S transposed", build_hierarchy(np.ascontiguousarray(similarity.T), centre))
    linear = _linear_similarity(study, seen)
    linear_graph = similarity_graph(linear, threshold_for(linear, density(similarity_graph(similarity))))
    lowest = build_hierarchy(linear, betweenness(linear_graph), min_similarity=float(np.log(0.25)))
    note("scores in place of probabilities", lowest, linear_graph)
    links = similarity_graph(similarity) | similarity_graph(similarity).T
    note("degree in place of betweenness", build_hierarchy(similarity, links.sum(axis=1).astype(float)))
    note("closeness in place of betweenness", build_hierarchy(similarity, closeness(links)))
    note("random order", build_hierarchy(similarity, rng.random(len(group))))
    again = view(studied(study.concepts, study.layers, WHOLE_BATCH, common=True, device=device))
    note_again = same_group_share(again.tree, again.concepts.group)
    rows["one split for all concepts"] = {
        "same_group": 100 * note_again,
        "below_root": int(again.tree[-1].sum()),
        "density": density(similarity_graph(again.similarity)),
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def _linear_similarity(study: Study, seen: View) -> NDArray[np.float64]:
    numbers = np.array([study.concepts.names.index(name) for name in seen.concepts.names])
    scores = probabilities(study.layers["pool5"], seen.probes, linear=True)
    tested = seen.concepts.labels & (study.parts[:, numbers] == TEST)
    return concept_similarity(scores, tested)


def closeness(links: NDArray[Any]) -> NDArray[np.float64]:
    """Closeness of every node of an undirected graph, 0 for one without an edge.

    As networkx: (nodes reached - 1) over the sum of distances, times the share of nodes reached. Chapter:
    concept_hierarchies.

    Examples
    --------
    >>> closeness(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])).round(2).tolist()
    [0.67, 1.0, 0.67]
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import shortest_path

    distance = shortest_path(csr_matrix(links != 0), directed=False, unweighted=True)
    finite = np.isfinite(distance)
    total = np.where(finite, distance, 0.0).sum(axis=1)
    reached = finite.sum(axis=1) - 1
    scaled = reached / max(1, len(links) - 1)
    return np.asarray(np.divide(reached * scaled, total, out=np.zeros(len(links)), where=total > 0))


def recording_study(settings: ProbeSettings, seed: int, *, device: str = "cpu") -> Study:
    """Probe 179 real game soundtracks for the package that they come from (29 moments each).

    Chapter: concept_hierarchies.
    """
    record = data.open("game_music_embeddings")
    concepts = named_concepts(record.tracks["package"].tolist(), "package", 10)
    layers = {"pool5": record.embeddings.astype(np.float32)}
    return studied(concepts, layers, settings, seed=seed, device=device)


def sample_study(settings: ProbeSettings, seed: int, *, device: str = "cpu") -> Study:
    """Probe the samples of Sonic Pi for the first word of their name: kick, snare, hat, tabla and so on.

    Chapter: concept_hierarchies.
    """
    names, layers = embedded_samples(device)
    concepts = named_concepts([name.partition("_")[0] for name in names], "group", 10)
    return studied(concepts, layers, settings, seed=seed, device=device)


def genre_study(settings: ProbeSettings, seed: int) -> Study:
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
    return studied(
        concepts, {"librosa": scaled[:, np.newaxis].astype(np.float32)}, settings, layer="librosa", seed=seed
    )


def genre_agreement(study: Study, rng: np.random.Generator, n_draws: int = 1000) -> dict[str, float]:
    """Do genres alike in sound also meet on the same tracks? Rank correlation with Jamendo's co-occurrence.

    Chapter: concept_hierarchies.

    Returns
    -------
    dict of float
        `correlation` (Spearman, over pairs of genres), `permuted_high` (97.5th percentile with the names
        exchanged), `n_genres`.
    """
    tags = jamendo_tags("genre")
    shared = [name for name in study.concepts.names if name in tags.names]
    own = np.array([study.concepts.names.index(name) for name in shared])
    other = np.array([tags.names.index(name) for name in shared])
    sound = study.similarity[np.ix_(own, own)]
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


def has(name: str) -> bool:
    """Tell whether a data set can be opened on this machine. Chapter: concept_hierarchies."""
    return data.available(name)


def missing_data(orders: list[str], *, samples: bool = True) -> list[str]:
    """Name what the chapter would use and this machine lacks. Chapter: concept_hierarchies."""
    wanted = [
        "published_concepts",
        "word_vectors",
        "game_music_embeddings",
        "every_noise_map",
        "gtzan_features",
    ]
    wanted += ["cc_music_tracks", *(["sonic_pi_samples"] if samples else [])]
    wanted += [name for order in orders for name in needed(order)]
    return [name for name in dict.fromkeys(wanted) if not data.available(name)]


def program_names() -> dict[int, str]:
    """Give the names of the General MIDI programs, by number. Chapter: concept_hierarchies."""
    table = data.open("gm_programs").programs
    return dict(zip(table["program"].tolist(), table["program_name"].tolist(), strict=True))


def family_names() -> dict[int, str]:
    """Give the names of the General MIDI families, by number. Chapter: concept_hierarchies."""
    table = data.open("gm_programs").programs
    return dict(zip(table["family_id"].tolist(), table["family"].tolist(), strict=True))


def rendered_example() -> NDArray[np.float32]:
    """Play four clips one after the other, for machines without a recording. Chapter: concept_hierarchies."""
    renderer = Renderer()
    return np.concatenate([renderer.render(c) for c in plan_clips(4, "family", np.random.default_rng(0))])
