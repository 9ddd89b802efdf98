"""Explanations by people: those alike, and friends. Never a name, and never fewer than five.

A group below `context.anonymity` is merged with the next, and if all together are too few, nothing
is said. Counts are all that is shown.
"""

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.fast.evidence import Context, Evidence, no_evidence
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender

N_NEIGHBOURS = 50


N_LEVELS = 3


def neighbours(user: int, context: Context, n: int = N_NEIGHBOURS) -> tuple[NDArray[np.int64], Floats]:
    """Return the users most alike by cosine of histories, and the cosines, the most alike first.

    Chapter: explainable_recommendation.
    """
    alike = (context.unit_histories @ context.unit_histories[user].T).toarray().ravel()
    alike[user] = -1.0
    nearest = np.argsort(-alike, kind="stable")[:n]
    nearest = nearest[alike[nearest] > 0]
    return nearest, alike[nearest]


def listeners(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Count who, of the fifty users most alike, listens to the item, in three levels of likeness.

    The histogram of neighbours (Herlocker et al., 2000). Level 0 is the third most alike; levels with
    too few people are merged with the next.
    Chapter: explainable_recommendation.
    """
    model.history(user)  # refuses a user without one
    near, _ = neighbours(user, context)
    listens = context.interactions[near][:, [item]].toarray().ravel() > 0
    level = np.arange(len(near)) * N_LEVELS // max(len(near), 1)
    counts = np.bincount(level[listens], minlength=N_LEVELS)
    return _safe(counts, "listeners", context.anonymity)


def friends(model: Recommender, user: int, item: int, context: Context) -> Evidence:
    """Count the friends who listen to the item; nothing if they are fewer than five.

    Chapter: explainable_recommendation.
    """
    model.history(user)
    own = context.friends[user].indices
    count = int(context.interactions[own][:, [item]].sum()) if len(own) else 0
    return _safe(np.array([count]), "friends", context.anonymity)


def _safe(counts: NDArray[np.int64], kind: str, least: int) -> Evidence:
    merged = merge_small(counts, least)
    if not merged:
        return no_evidence(kind)
    levels, sizes = zip(*merged, strict=True)
    return Evidence(np.array(levels), np.array(sizes, dtype=np.float64), kind)


def merge_small(counts: NDArray[np.int64], least: int) -> list[tuple[int, int]]:
    """Merge groups from the first on until each has `least` people or more; return (group, size).

    A merged group goes by the last level in it: "as alike as this, or more". What is left at the end
    joins the group before. Too few in all: no group.
    Chapter: explainable_recommendation.

    Examples
    --------
    >>> merge_small(np.array([2, 4, 1]), 5)
    [(2, 7)]
    >>> merge_small(np.array([5, 0, 6]), 5), merge_small(np.array([1, 2, 1]), 5)
    ([(0, 5), (2, 6)], [])
    """
    groups: list[tuple[int, int]] = []
    waiting = 0
    for level, count in enumerate(counts.tolist()):
        waiting += count
        if waiting >= least:
            groups.append((level, waiting))
            waiting = 0
    if waiting and groups:
        _, size = groups.pop()
        groups.append((len(counts) - 1, size + waiting))
    return groups
