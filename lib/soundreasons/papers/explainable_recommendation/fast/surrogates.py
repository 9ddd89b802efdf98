"""Explanations of a whole model: a simple one that imitates it, rules, and prototypes."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import svds
from scipy.stats import spearmanr
from sklearn.cluster import KMeans  # type: ignore[import-untyped]
from sklearn.linear_model import Ridge  # type: ignore[import-untyped]
from sklearn.metrics import r2_score  # type: ignore[import-untyped]
from sklearn.tree import DecisionTreeRegressor  # type: ignore[import-untyped]

from soundreasons.learning.ranking import top_k
from soundreasons.papers.explainable_recommendation.fast.evidence import Context, Evidence, no_evidence
from soundreasons.papers.explainable_recommendation.fast.exact import TOP
from soundreasons.papers.explainable_recommendation.fast.perturbation import remember
from soundreasons.papers.explainable_recommendation.fast.ranking import rank
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender

_DEPTH = 4


_USERS, _ITEMS = 300, 60  # pairs that the surrogate is fitted on


_SUPPORT, _CONFIDENCE, _LIFT = 5, 0.1, 1.5


_BLOCK = 256


N_PROTOTYPES = 20


class Surrogate(NamedTuple):
    """Two imitations of a model on tag features, and how well they do on users not seen.

    `features` are tag numbers; the last column of both is the logarithm of the listeners. `r2` and
    `spearman` go by "tree" and "line".
    """

    tree: DecisionTreeRegressor
    line: Ridge
    features: NDArray[np.int64]
    r2: dict[str, float]
    spearman: dict[str, float]


def surrogate(model: Recommender, context: Context, *, n_tags: int = 60) -> Surrogate:
    """Imitate a model by what tags the user and the item share, and by popularity.

    A feature is rel(user, tag) times rel(tag, item), for the tags used most. Scores are ranked within
    the user (0 to 1), since scales differ between users. Fitted on the pairs of half of the users
    drawn, judged on the other half.
    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        If there is no tag.
    """
    key = ("surrogate", model.origin, n_tags)
    if key not in context.memory:
        remember(context, key, _imitate(model.origin, context, n_tags), n_kept=8)
    return context.memory[key]  # type: ignore[no-any-return]


def _imitate(model: Recommender, context: Context, n_tags: int) -> Surrogate:
    if not context.tags.nnz:
        raise ValueError("there is no tag, and the surrogate speaks in tags; use rules instead")
    rng = np.random.default_rng(context.seed)
    eligible = np.flatnonzero(np.diff(context.interactions.indptr) > 0)
    users = rng.choice(eligible, min(_USERS, len(eligible)), replace=False)
    common = np.argsort(-np.asarray(context.tags.sum(axis=0)).ravel(), kind="stable")[:n_tags]
    features, answers = zip(*(_pairs(model, user, context, common, rng) for user in users), strict=True)
    half = len(users) // 2
    x, y = np.concatenate(features[:half]), np.concatenate(answers[:half])
    unseen, truth = np.concatenate(features[half:]), np.concatenate(answers[half:])
    tree = DecisionTreeRegressor(max_depth=_DEPTH, min_samples_leaf=50, random_state=0).fit(x, y)
    line = Ridge().fit(x, y)
    guesses = {"tree": tree.predict(unseen), "line": line.predict(unseen)}
    r2 = {name: float(r2_score(truth, guess)) for name, guess in guesses.items()}
    ranks = {name: float(spearmanr(truth, guess).statistic) for name, guess in guesses.items()}
    return Surrogate(tree, line, common, r2, ranks)


def _pairs(
    model: Recommender, user: int, context: Context, common: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Floats, Floats]:
    scores = model.scores(user)
    unseen = np.setdiff1d(np.arange(len(scores)), model.history(user))
    # Half of the items are recommended or nearly so: a model is judged by the head of its list.
    head = rank(scores, model.history(user), _ITEMS // 2)
    items = np.concatenate([head, rng.choice(unseen, min(_ITEMS // 2, len(unseen)), replace=False)])
    places = np.searchsorted(np.sort(scores[unseen]), scores[items]) / len(unseen)
    return _features(model, user, items, context, common), places


def _features(
    model: Recommender, user: int, items: NDArray[np.int64], context: Context, common: NDArray[np.int64]
) -> Floats:
    profile = np.asarray(context.item_tags[model.history(user)].mean(axis=0)).ravel()[common]
    shared = context.item_tags[items][:, common].toarray() * profile
    return np.column_stack([shared, np.log1p(context.popularity[items])])


def surrogate_tags(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Read the reasons off the linear surrogate: coefficient times feature, tag by tag.

    Chapter: explainable_recommendation.
    """
    fitted = surrogate(model, context)
    values = _features(model, user, np.array([item]), context, fitted.features)[0, :-1]
    weights = fitted.line.coef_[:-1] * values
    return Evidence(fitted.features[values > 0], weights[values > 0], "tags")


class Rules(NamedTuple):
    """Rules "who plays j is recommended i", as matrices j x i of those that hold.

    `support` counts users, `confidence` is the share of j's listeners, `lift` that share over the one
    of all users.
    """

    support: sp.csc_matrix
    confidence: sp.csc_matrix
    lift: sp.csc_matrix


def rules(model: Recommender, context: Context) -> Rules:
    """Mine association rules from what a model recommends (Peake and Wang, 2018).

    Kept: support of five users or more (so nobody can be told from a rule), confidence from a tenth,
    lift from one and a half.
    Chapter: explainable_recommendation.
    """
    key = ("rules", model.origin)
    if key not in context.memory:
        remember(context, key, _mine(model.origin), n_kept=8)
    return context.memory[key]  # type: ignore[no-any-return]


def _mine(model: Recommender) -> Rules:
    histories = model.interactions
    given = recommended(model)
    together = (histories.T @ given).tocoo()
    kept = together.data >= _SUPPORT
    j, i, support = together.row[kept], together.col[kept], together.data[kept]
    confidence = support / np.asarray(histories.sum(axis=0)).ravel()[j]
    lift = confidence / (np.asarray(given.sum(axis=0)).ravel()[i] / histories.shape[0])
    good = (confidence >= _CONFIDENCE) & (lift >= _LIFT)
    shape = (histories.shape[1], histories.shape[1])
    return Rules(*(sp.csc_matrix((v[good], (j[good], i[good])), shape) for v in (support, confidence, lift)))


def recommended(model: Recommender, n: int = TOP) -> sp.csr_matrix:
    """Recommend `n` items to every user with a history: users x items, ones.

    Chapter: explainable_recommendation.

    Examples
    --------
    >>> from soundreasons.papers.explainable_recommendation.fast.recommenders import Popularity
    >>> model = Popularity().fit(sp.csr_matrix([[1, 0, 0], [0, 1, 1], [0, 0, 1]]))
    >>> recommended(model, 1).toarray().tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    histories = model.interactions
    users = np.flatnonzero(np.diff(histories.indptr) > 0)
    rows, columns = [], []
    for start in range(0, len(users), _BLOCK):
        block = users[start : start + _BLOCK]
        scores = model.scores_of(histories[block])
        scores[histories[block].nonzero()] = -np.inf
        best = top_k(scores, n)
        unseen = np.isfinite(np.take_along_axis(scores, best, axis=1))
        rows.append(np.repeat(block, unseen.sum(axis=1)))
        columns.append(best[unseen])
    row, column = np.concatenate(rows), np.concatenate(columns)
    return sp.csr_matrix((np.ones(len(row)), (row, column)), shape=histories.shape)


def rule_evidence(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Cite the artists of the history from which a rule leads to the item; weight: confidence.

    Empty where no rule does. Chapter: explainable_recommendation.
    """
    history, confidence = model.history(user), rules(model, context).confidence
    column = slice(*confidence.indptr[item : item + 2])
    used = np.isin(confidence.indices[column], history)
    return Evidence(confidence.indices[column][used], confidence.data[column][used], "artists")


def prototypes(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Cite the artists of the history that are in the item's cluster, by nearness to its centre.

    Twenty clusters of items, by who listens to them (singular vectors, k-means): a prototype model
    says "you like this kind". Empty if the history has no member of the item's cluster.
    Chapter: explainable_recommendation.
    """
    history = model.history(user)
    labels, near = _clusters(context)
    same = labels[history] == labels[item]
    if not same.any():
        return no_evidence("artists")
    return Evidence(history[same], np.maximum(near[history[same]], 0.0), "artists")


def _clusters(context: Context) -> tuple[NDArray[np.int64], Floats]:
    key = ("clusters",)
    if key not in context.memory:
        remember(context, key, _cluster(context), n_kept=1)
    return context.memory[key]  # type: ignore[no-any-return]


def _cluster(context: Context) -> tuple[NDArray[np.int64], Floats]:
    n_items = context.interactions.shape[1]
    rank_ = min(16, min(context.interactions.shape) - 1)
    _, sizes, items = svds(context.unit_histories, k=rank_, rng=np.random.default_rng(context.seed))
    vectors = items.T * sizes
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    found = KMeans(min(N_PROTOTYPES, n_items), n_init=1, random_state=context.seed).fit(vectors)
    centres = found.cluster_centers_[found.labels_]
    centres = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    return found.labels_.astype(np.int64), np.asarray((vectors * centres).sum(axis=1))
