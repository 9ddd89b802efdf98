"""What is left for a large service: many users, several stages, newcomers.

Small demonstrations of large problems: each measures, on the data of the chapter, what the challenge
is about.
"""

import copy
import time
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.experiments.splits import Split
from soundreasons.papers.explainable_recommendation.fast.evidence import Context, edited
from soundreasons.papers.explainable_recommendation.fast.exact import TOP, exact
from soundreasons.papers.explainable_recommendation.fast.explainers import Explainer
from soundreasons.papers.explainable_recommendation.fast.pairs import N_SHOWN, pairs
from soundreasons.papers.explainable_recommendation.fast.people import listeners
from soundreasons.papers.explainable_recommendation.fast.ranking import rank, top
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender
from soundreasons.papers.explainable_recommendation.method.criteria import jaccard

N_CANDIDATES = 100


def latency(
    model: Recommender, asked: Mapping[str, Explainer], users: Sequence[int], context: Context,
    *, n_listeners: float = 1e7,
) -> pd.DataFrame:  # fmt: skip
    """Time explainers one after the other, and say what a day at a large service would take.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    model, users, context
        What is explained: five items a user.
    asked : mapping of name to explainer
        Who is timed.
    n_listeners : float
        Listeners who get ten explained recommendations a day.

    Returns
    -------
    DataFrame
        `explainer`, `ms` (milliseconds of one thread an explanation), `cores` (busy all day).
    """
    todo = pairs(model, users)
    rows = []
    for name, explainer in asked.items():
        start = time.process_time()
        for user, item in todo:
            explainer(model, user, item, context)
        seconds = (time.process_time() - start) / len(todo)
        rows.append((name, 1000 * seconds, seconds * n_listeners * 10 / 86400))
    return pd.DataFrame(rows, columns=["explainer", "ms", "cores"])


def two_stages(
    first: Recommender, second: Recommender, user: int, n_candidates: int = N_CANDIDATES
) -> NDArray[np.int64]:
    """Let one model choose candidates, and another rank them: ten items.

    Chapter: explainable_recommendation.
    """
    candidates = top(first, user, n_candidates)
    scores = np.full(first.interactions.shape[1], -np.inf)
    scores[candidates] = second.scores(user)[candidates]
    return rank(scores, second.history(user), TOP)


def pipeline(
    first: Recommender, second: Recommender, users: Sequence[int], context: Context
) -> dict[str, Floats]:
    """Ask both stages why: how far do their reasons agree, and how often did the first decide?

    Chapter: explainable_recommendation.

    Returns
    -------
    dict
        `agreement`: Jaccard of the three artists that the two stages cite for the same item, mean over
        the ten items, one value a user; `kept_out`: share of the ranker's own ten that never reached it.
    """
    agreement, kept_out = [], []
    for user in users:
        shown = two_stages(first, second, int(user))
        cited = [
            [exact(model, int(user), int(item), context).best(N_SHOWN).items for item in shown]
            for model in (first, second)
        ]
        agreement.append(float(np.nanmean([jaccard(a, b) for a, b in zip(*cited, strict=True)])))
        kept_out.append(float(np.mean(~np.isin(top(second, int(user), TOP), shown))))
    return {"agreement": np.array(agreement), "kept_out": np.array(kept_out)}


def newcomers(
    part: Split, name: str, users: Sequence[int], lengths: Sequence[int], rng: np.random.Generator
) -> pd.DataFrame:
    """Cut histories short, and see what is left of recommendations and of what may be said.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    part : Split
        Models, and what was hidden.
    name : str
        Of the model that recommends.
    users : sequence of int
        Whose histories are cut; each as long as the length or longer.
    lengths : sequence of int, from 1
        What is left of them.
    rng : Generator
        Draws what is left.

    Returns
    -------
    DataFrame, one row a length
        `length`, `recall` at ten, and `people`: share of the recommendations of which enough people
        alike can be told (k-anonymity).
    """
    model, context, test = part.models[name], part.context, part.test
    rows = []
    for length in lengths:
        recalls, told = [], []
        for user in users:
            history = model.history(int(user))
            if len(history) < length:
                continue
            short = edited(model, int(user), rng.choice(history, length, replace=False))
            seen = _hide(short.scores(int(user)), history)
            shown = rank(seen, short.history(int(user)), TOP)
            relevant = test.indices[test.indptr[user] : test.indptr[user + 1]]
            recalls.append(np.isin(shown, relevant).sum() / min(TOP, len(relevant)))
            changed = _context_of(short, context)
            told.append(
                np.mean([len(listeners(short, int(user), int(i), changed).items) > 0 for i in shown[:3]])
            )
        rows.append((length, float(np.mean(recalls)), float(np.mean(told))))
    return pd.DataFrame(rows, columns=["length", "recall", "people"])


def _hide(scores: Floats, items: NDArray[np.int64]) -> Floats:
    """The listener knows the whole history, though the model was told a part of it."""
    hidden = scores.copy()
    hidden[items] = -np.inf
    return hidden


def _context_of(model: Recommender, context: Context) -> Context:
    return Context(
        model.interactions,
        context.tags,
        context.friends,
        context.graph,
        anonymity=context.anonymity,
        seed=context.seed,
    )


def unheard(models: Mapping[str, Recommender], n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Take every listener away from `n` items, and see which models can still give them a score.

    Chapter: explainable_recommendation.

    Returns
    -------
    DataFrame, one row a model
        `model`, `scored`: share of the items that get a score above 0 from somebody.
    """
    n_items = next(iter(models.values())).interactions.shape[1]
    items = rng.choice(n_items, n, replace=False)
    heard = sp.diags((~np.isin(np.arange(n_items), items)).astype(np.float64))
    rows = []
    for name, model in models.items():
        again = copy.copy(model).fit(model.interactions @ heard)
        users = np.flatnonzero(np.diff(again.interactions.indptr) > 0)
        scores = again.scores_of(again.interactions[users], items)
        rows.append((name, float((scores.max(axis=0) > 1e-12).mean())))
    return pd.DataFrame(rows, columns=["model", "scored"])
