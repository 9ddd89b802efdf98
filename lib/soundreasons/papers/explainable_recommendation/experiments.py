"""The chapter's experiments: each takes models and a context, and returns a table or values."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.stats import spearmanr

from soundreasons.papers.explainable_recommendation.accuracy import accuracy
from soundreasons.papers.explainable_recommendation.evidence import Context, edited
from soundreasons.papers.explainable_recommendation.exact import TOP, contributions, influence_of
from soundreasons.papers.explainable_recommendation.explainers import (
    Explainer,
    decoy,
    explainers,
)
from soundreasons.papers.explainable_recommendation.factorisation import ALS
from soundreasons.papers.explainable_recommendation.lineup import fit_all
from soundreasons.papers.explainable_recommendation.listening import Listening, split
from soundreasons.papers.explainable_recommendation.metrics import (
    N_SHOWN,
    Pair,
    citations,
    deletion_curve,
    explainability,
    explained,
    gini,
    jaccard,
    metrics,
    pairs,
    place_without,
)
from soundreasons.papers.explainable_recommendation.perturbation import remember
from soundreasons.papers.explainable_recommendation.ranking import top
from soundreasons.papers.explainable_recommendation.recommenders import (
    EASE,
    Floats,
    Hybrid,
    Recommender,
    TagContent,
)

PERSONAL = ("tags", "knn", "pagerank", "als", "ease", "hybrid")
_RESAMPLES = 1000


class Part(NamedTuple):
    """One split: models fitted on `train`, to be judged by `test`, and what else is known."""

    models: dict[str, Recommender]
    train: sp.csr_matrix
    test: sp.csr_matrix
    context: Context


def fitted(listening: Listening, seed: int, *, n_samples: int = 500, device: str = "cpu") -> Part:
    """Split, and fit the seven models on the larger part; hidden tags stay hidden.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    listening : Listening
        What is split.
    seed : int
        Of the split, of ALS, and of whatever explainers draw.
    n_samples : int
        As in `Context`.
    device : str
        Where large matrices are inverted.

    Returns
    -------
    Part
    """
    train, test = split(listening.interactions, seed)
    context = Context(
        train,
        listening.tags,
        listening.friends,
        listening.graph,
        plays=sp.csr_matrix(listening.plays.multiply(train)),
        held_tags=listening.held_tags if listening.held_tags.nnz else None,
        n_samples=n_samples,
        seed=seed,
    )
    return Part(fit_all(listening.tags, train, seed=seed, device=device), train, test, context)


def chosen_users(part: Part, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw users who have a history of five or more and something hidden to find.

    Chapter: explainable_recommendation.
    """
    eligible = np.flatnonzero((np.diff(part.test.indptr) > 0) & (np.diff(part.train.indptr) >= 5))
    return np.sort(rng.choice(eligible, min(n, len(eligible)), replace=False))


def accuracies(part: Part, listening: Listening) -> pd.DataFrame:
    """Mean recall and nDCG at ten of each model, one row a model, with nothing hidden but the test.

    The two models that read tags are fitted anew with all of them. Chapter: explainable_recommendation.
    """
    tags, linear = sp.csr_matrix(listening.tags + listening.held_tags), part.models["ease"]
    models = part.models | {
        "tags": TagContent(tags=tags).fit(part.train),
        "hybrid": Hybrid(tags=tags, linear=linear if isinstance(linear, EASE) else None).fit(part.train),
    }
    means = {name: _means(model, part) for name, model in models.items()}
    return pd.DataFrame(means).T[["recall", "ndcg"]]


def _means(model: Recommender, part: Part) -> pd.Series:
    key = ("accuracy", model)
    if key not in part.context.memory:
        remember(part.context, key, accuracy(model, part.test).mean(), n_kept=9)
    return part.context.memory[key]


def scorecard(
    model: Recommender,
    names: Sequence[str],
    users: Sequence[int],
    context: Context,
    *,
    criteria: Sequence[str] = tuple(metrics),
) -> pd.DataFrame:
    """Judge explainers by criteria: one row an explainer and a pair, one column a criterion.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    model : Recommender
        What is explained.
    names : sequence of str
        Of `explainers`.
    users : sequence of int
        Whose five recommendations.
    context : Context
        What else is known.
    criteria : sequence of str
        Of `metrics`.

    Returns
    -------
    DataFrame
        `explainer`, `user`, `item`, and the criteria.
    """
    asked = pd.DataFrame(pairs(model, users), columns=["user", "item"])
    parts = []
    for name in names:
        values = {each: metrics[each](model, explainers[name], users, context) for each in criteria}
        parts.append(asked.assign(explainer=name, **values))
    return pd.concat(parts, ignore_index=True)


def by_users(card: pd.DataFrame, rng: np.random.Generator, *, level: float = 0.95) -> pd.DataFrame:
    """Average every criterion over users, for every explainer, with bootstrap intervals.

    A user counts by the mean over its pairs, and not at all where a criterion says nothing of any of
    them. All criteria of an explainer share the resamples of users (percentile intervals). Where two users
    are compared (`personalisation`) or all of them (`template_entropy`), the other users are held fixed.
    Chapter: explainable_recommendation.

    Parameters
    ----------
    card : DataFrame
        Of `scorecard`.
    rng : Generator
        Draws the users.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    DataFrame
        `explainer`, `criterion`, `mean`, `low`, `high`, `users` (how many count); no row where nobody does.

    Examples
    --------
    >>> judged = {"user": [0, 0, 1], "item": [1, 2, 1], "novelty": [1.0, 3.0, 4.0]}
    >>> card = pd.DataFrame({"explainer": "exact", **judged})
    >>> by_users(card, np.random.default_rng(0))[["mean", "low", "high", "users"]].values.tolist()
    [[3.0, 2.0, 4.0, 2.0]]
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}, expected a share between 0 and 1")
    ends = np.array([(1 - level) / 2, (1 + level) / 2])
    rows = []
    for explainer, own in card.groupby("explainer", sort=False):
        means = own.drop(columns=["explainer", "item"]).groupby("user").mean()
        values = means.to_numpy(dtype=np.float64)
        says = np.isfinite(values)
        n_users = len(values)
        drawn = rng.multinomial(n_users, np.full(n_users, 1 / n_users), size=_RESAMPLES)
        with np.errstate(invalid="ignore"):  # a draw without anybody of whom a criterion tells
            again = (drawn @ np.where(says, values, 0.0)) / (drawn @ says)
        for column, criterion in enumerate(means.columns):
            if says[:, column].any():
                low, high = np.nanquantile(again[:, column], ends)
                mean = values[says[:, column], column].mean()
                low, high = min(low, mean), max(high, mean)  # of equal values the sums round differently
                rows.append((explainer, criterion, mean, low, high, int(says[:, column].sum())))
    return pd.DataFrame(rows, columns=["explainer", "criterion", "mean", "low", "high", "users"])


def with_intervals(found: pd.DataFrame, criteria: Sequence[str]) -> pd.DataFrame:
    """Lay out means with their intervals as text, one row an explainer; "" where it makes no sense.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    found : DataFrame
        Of `by_users`.
    criteria : sequence of str
        The columns wanted.

    Returns
    -------
    DataFrame of str

    Examples
    --------
    >>> row = ("exact", "novelty", 3.0, 2.5, 3.25, 9)
    >>> found = pd.DataFrame([row], columns=["explainer", "criterion", "mean", "low", "high", "users"])
    >>> with_intervals(found, ["novelty"]).loc["exact", "novelty"]
    '3.00 (2.50 to 3.25)'
    """
    cells = found.assign(text=[_interval(*row) for row in found[["mean", "low", "high"]].to_numpy()])
    table = cells.pivot(index="explainer", columns="criterion", values="text").fillna("")
    table = table.reindex(index=found["explainer"].unique(), columns=list(criteria), fill_value="")
    return table.rename(columns=lambda name: name.replace("_", " "))


def _interval(mean: float, low: float, high: float) -> str:
    digits = 0 if abs(mean) >= 50 or abs(mean) < 1e-9 else 2 if abs(mean) >= 0.1 else 3
    one, *ends = (f"{0.0 if abs(value) < 1e-9 else value:.{digits}f}" for value in (mean, low, high))
    return one if ends == [one, one] else f"{one} ({ends[0]} to {ends[1]})"


def model_axes(part: Part, users: Sequence[int], names: Sequence[str] = PERSONAL) -> pd.DataFrame:
    """Lay accuracy beside qualities of explanation, one row a model.

    Explained by "exact" reasons; `ndcg`, `explainability` (precision by neighbours; its recall is
    `explainable found`), `rules` (share of recommendations that a rule explains), `plausibility`,
    `novelty` of evidence (bits), `deletion`.
    Chapter: explainable_recommendation.
    """
    rows = {}
    for name in names:
        model, ask = part.models[name], explainers["exact"]
        precision, recall = explainability(model, users, part.context)
        rows[name] = {
            "ndcg": _means(model, part)["ndcg"],
            "explainability": precision.mean(),
            "explainable found": np.nanmean(recall),
            "rules": metrics["answered"](model, explainers["rules"], users, part.context).mean(),
        }
        for each in ("plausibility", "novelty", "deletion"):
            rows[name][each] = np.nanmean(metrics[each](model, ask, users, part.context))
    return pd.DataFrame(rows).T


def rank_correlation(table: pd.DataFrame, first: str, second: str) -> float:
    """Spearman correlation of two columns over the models.

    Chapter: explainable_recommendation.
    """
    return float(spearmanr(table[first], table[second]).statistic)


def evidence_agreement(
    model: Recommender, names: Sequence[str], users: Sequence[int], context: Context
) -> pd.DataFrame:
    """Mean Jaccard of the three artists that any two explainers cite for the same pair.

    Chapter: explainable_recommendation.
    """
    cited = {
        name: [pair.cited[:N_SHOWN] for pair in explained(model, explainers[name], users, context)]
        for name in names
    }
    table = pd.DataFrame(index=list(names), columns=list(names), dtype=float)
    for first in names:
        for second in names:
            alike = [jaccard(a, b) for a, b in zip(cited[first], cited[second], strict=True)]
            table.loc[first, second] = np.nanmean(alike)
    return table


def randomised(model: ALS, share: float, rng: np.random.Generator) -> ALS:
    """Exchange the factors of a share of the items among themselves.

    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        If the share is outside [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}, expected a number from 0 to 1")
    factors = model.item_factors.copy()
    rows = rng.permutation(len(factors))[: round(share * len(factors))]
    factors[rows] = factors[rng.permutation(rows)]
    return model.with_factors(factors)


def sanity(
    model: ALS, explainer: Explainer, users: Sequence[int], context: Context, shares: Sequence[float],
    rng: np.random.Generator,
) -> dict[float, float]:  # fmt: skip
    """Correlate explanations before and after the model was randomised (Adebayo et al., 2018).

    Spearman over the artists of the history (over the tags cited, for tags), mean over the pairs that
    the true model recommends. An explanation that tells of the model must forget.
    Chapter: explainable_recommendation.
    """
    asked = explained(model, explainer, users, context)
    found = {}
    for share in shares:
        other = randomised(model, share, rng)
        values = []
        for pair in asked:
            one, two = pair.evidence, explainer(other, pair.user, pair.item, context)
            values.append(_rank_agreement(one.items, one.weights, two.items, two.weights))
        found[share] = float(np.nanmean(values))
    return found


def _rank_agreement(
    items: NDArray[np.int64], weights: Floats, others: NDArray[np.int64], other_weights: Floats
) -> float:
    first, second = np.argsort(items), np.argsort(others)
    if len(items) < 3 or np.ptp(weights) == 0 or np.ptp(other_weights) == 0:
        return np.nan
    return float(spearmanr(weights[first], other_weights[second]).statistic)


def retrained_agreement(
    model: Recommender, other: Recommender, explainer: Explainer, users: Sequence[int], context: Context
) -> Floats:
    """Jaccard of the cited artists for the same pairs, from a model and from the same one trained anew.

    Chapter: explainable_recommendation.
    """
    asked = explained(model, explainer, users, context)
    again = [Pair(other, explainer, pair.user, pair.item, context) for pair in asked]
    return np.array(
        [jaccard(one.cited[:N_SHOWN], two.cited[:N_SHOWN]) for one, two in zip(asked, again, strict=True)]
    )


def counterfactuals(model: Recommender, users: Sequence[int], context: Context) -> pd.DataFrame:
    """Find the counterfactual of every pair and check it by scoring anew.

    Chapter: explainable_recommendation.

    Returns
    -------
    DataFrame, one row a pair
        `user`, `n_history`, `found` (whether there is one), `size` and `share` of the history, `valid`
        (whether the item is really out of the top ten); NaN where none was found.
    """
    rows = []
    for pair in explained(model, explainers["counterfactual"], users, context):
        removed = pair.evidence.items
        n_history, found = len(pair.history), len(removed) > 0
        place = place_without(model, pair.user, pair.item, removed) if found else np.nan
        size = len(removed) if found else np.nan
        rows.append(
            (pair.user, n_history, found, size, size / n_history, float(place >= TOP) if found else np.nan)
        )
    return pd.DataFrame(rows, columns=["user", "n_history", "found", "size", "share", "valid"])


def bias(
    model: Recommender, explainer: Explainer, users: Sequence[int], context: Context
) -> dict[str, float]:
    """Compare how concentrated histories, recommendations and evidence are, and how popular.

    Chapter: explainable_recommendation.

    Returns
    -------
    dict
        `gini_*`, `coverage_*` (share of the items that occur at all) and `listeners_*` (mean listeners of
        an item that occurs) for "history", "recommended",
        "evidence", and "random" (three artists of the history at random: what three citations a
        recommendation give without any choice).
    """
    n_items = context.interactions.shape[1]
    counts = {
        "history": np.asarray(context.interactions[np.asarray(users)].sum(axis=0)).ravel(),
        "recommended": np.bincount([item for _, item in pairs(model, users)], minlength=n_items),
        "evidence": citations(model, explainer, users, context),
        "random": citations(model, decoy, users, context),
    }
    found = {f"gini_{name}": gini(count) for name, count in counts.items()}
    found |= {f"coverage_{name}": float((count > 0).mean()) for name, count in counts.items()}
    return found | {
        f"listeners_{name}": float(count @ context.popularity / count.sum()) for name, count in counts.items()
    }


def edits_to_remove(
    model: Recommender, explainer: Explainer, users: Sequence[int], context: Context, *, most: int = 10
) -> Floats:
    """Count the cited artists a user must strike out, one at a time, until the item is gone.

    `most` + 1 where ten do not do it. Chapter: explainable_recommendation.
    """
    found = []
    for pair in explained(model, explainer, users, context):
        steps = (
            n for n in range(1, min(most, len(pair.cited)) + 1)
            if place_without(model, pair.user, pair.item, pair.cited[:n]) >= TOP
        )  # fmt: skip
        found.append(next(steps, most + 1))
    return np.array(found, dtype=np.float64)


def struck_out(model: Recommender, user: int, artist: int, n: int = TOP) -> NDArray[np.int64]:
    """Recommend anew after the user has struck one artist out of the profile.

    Chapter: explainable_recommendation.
    """
    history = model.history(user)
    changed = edited(model, user, history[history != artist])
    better = top(changed, user, n + 1)
    return np.asarray(better[better != artist][:n])


def hits(model: Recommender, test: sp.csr_matrix, users: Sequence[int]) -> NDArray[np.bool_]:
    """Tell of each explained pair whether the item was among the hidden ones.

    Chapter: explainable_recommendation.
    """
    hidden = test.tocsr()
    return np.array([bool(hidden[user, item]) for user, item in pairs(model, users)])


def goal_table(rows: Mapping[str, tuple[str, float]]) -> pd.DataFrame:
    """Lay out goals with their proxies and measured values.

    Chapter: explainable_recommendation.
    """
    return pd.DataFrame(
        [(goal, proxy, value) for goal, (proxy, value) in rows.items()], columns=["goal", "proxy", "measured"]
    )


def mean_of(values: Floats) -> float:
    """Average, leaving out pairs to which the question does not apply.

    Chapter: explainable_recommendation.
    """
    return float(np.nanmean(values))


def deletion_gain(of: float, random: float, best: float) -> float:
    """Say how far an explanation gets from random to exact reasons, by deletion: 0 to 1.

    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        If exact reasons are no better than random ones: then there is no way to go.

    Examples
    --------
    >>> deletion_gain(0.2, 0.1, 0.5)
    0.25
    """
    if not best > random:
        raise ValueError(
            f"exact reasons lose {best} of the score and random ones {random}: nothing to compare"
        )
    return (of - random) / (best - random)


def weight_kept(
    model: Recommender, explainer: Explainer, users: Sequence[int], context: Context, n: int = N_SHOWN
) -> Floats:
    """Weight of what is cited, as a share of the weight of the `n` heaviest exact reasons.

    Chapter: explainable_recommendation.
    """
    values = []
    terms, told = (explained(model, each, users, context) for each in (explainers["exact"], explainer))
    for one, two in zip(terms, told, strict=True):
        values.append(two.evidence.best(n).weights.sum() / one.evidence.best(n).weights.sum())
    return np.array(values)


def mean_curves(
    model: Recommender, names: Sequence[str], users: Sequence[int], context: Context, n: int
) -> dict[str, Floats]:
    """Average the share of the score that is left as up to `n` cited artists are taken out.

    Only pairs with `n` cited artists or more count. Chapter: explainable_recommendation.
    """
    curves = {}
    for name in names:
        found = []
        for pair in explained(model, explainers[name], users, context):
            if len(pair.cited) >= n:
                scores = deletion_curve(model, pair.history, pair.item, pair.cited[:n])
                found.append(scores / scores[0])
        curves[name] = np.mean(found, axis=0)
    return curves


def term_and_influence(model: ALS, users: Sequence[int], context: Context) -> pd.DataFrame:
    """Lay the heaviest exact term of each pair beside what is lost without that artist.

    Chapter: explainable_recommendation.

    Returns
    -------
    DataFrame, one row a pair
        `exact`, `influence`, `formula` (influence by the closed form), and `foretold`: the score that the
        rest of the history, without the artist, gives to it.
    """
    rows = []
    for user, item in pairs(model, users):
        history = model.history(user)
        terms = model.contributions(history, np.array([item]))[:, 0]
        first = int(np.argmax(terms))
        lost = influence_of(model, history, item)[first]
        own, leverage = model.foretold(history)
        alpha = model.alpha
        formula = terms[first] * (1 - alpha / (1 + alpha) * own[first]) / (1 - alpha * leverage[first])
        rest = (own[first] - (1 + alpha) * leverage[first]) / (1 - alpha * leverage[first])
        rows.append((terms[first], lost, formula, rest))
    return pd.DataFrame(rows, columns=["exact", "influence", "formula", "foretold"])


def list_of(model: Recommender, user: int, n: int, listening: Listening) -> pd.DataFrame:
    """Name the `n` recommendations of a user, each with its three heaviest exact reasons.

    Chapter: explainable_recommendation.
    """
    history, shares = contributions(model, user)
    rows = []
    for item in top(model, user, n):
        best = np.argsort(-shares[:, item], kind="stable")[:N_SHOWN]
        rows.append((listening.item_names[item], ", ".join(listening.item_names[history[best]])))
    return pd.DataFrame(rows, columns=["recommended", "because of"])


def over_splits(
    criterion: str, explainer: str, model: str, parts: Sequence[Part], crowds: Sequence[NDArray[np.int64]]
) -> list[float]:
    """Mean of a criterion for an explainer of a model, one number a split.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    criterion, explainer, model : str
        Of `metrics`, `explainers` and the models of a part.
    parts : sequence of Part
        One a split.
    crowds : sequence of ndarray of int
        The users asked in each.

    Returns
    -------
    list of float
    """
    return [
        mean_of(metrics[criterion](part.models[model], explainers[explainer], users.tolist(), part.context))
        for part, users in zip(parts, crowds, strict=True)
    ]
