"""Talking back: the profile, and the list after an artist was struck out of it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.papers.explainable_recommendation.data.listening import Listening
from soundreasons.papers.explainable_recommendation.fast.evidence import Context, edited
from soundreasons.papers.explainable_recommendation.fast.exact import TOP, contrastive, counterfactual
from soundreasons.papers.explainable_recommendation.fast.explainers import Explainer
from soundreasons.papers.explainable_recommendation.fast.pairs import explained, place_without
from soundreasons.papers.explainable_recommendation.fast.ranking import top
from soundreasons.papers.explainable_recommendation.fast.recommenders import Floats, Recommender
from soundreasons.papers.explainable_recommendation.fast.words import Tastes


def profile_card(
    user: int, context: Context, tastes: Tastes, listening: Listening, *, n_tastes: int = 3
) -> pd.DataFrame:
    """Say what the system believes of a listener: tastes in words, with their shares and pillars.

    Chapter: explainable_recommendation.

    Returns
    -------
    DataFrame, one row a taste, the strongest first
        `taste` (three tags), `share` (of all tastes of this listener), `artists` (of the history, those
        that carry it most).
    """
    strength = tastes.users[user] / max(tastes.users[user].sum(), 1e-12)
    history = context.interactions[user].indices
    rows = []
    for taste in np.argsort(-strength, kind="stable")[:n_tastes]:
        carried = np.asarray(context.item_tags[history] @ tastes.tags[taste]).ravel()
        pillars = history[np.argsort(-carried, kind="stable")[:3]]
        words = " / ".join(listening.tag_names[tastes.words(int(taste))])
        rows.append((words, float(strength[taste]), ", ".join(listening.item_names[pillars])))
    return pd.DataFrame(rows, columns=["taste", "share", "artists"])


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


def recommend_without(model: Recommender, user: int, artist: int, n: int = TOP) -> NDArray[np.int64]:
    """Recommend anew after the user has struck one artist out of the profile.

    Chapter: explainable_recommendation.
    """
    history = model.history(user)
    changed = edited(model, user, history[history != artist])
    better = top(changed, user, n + 1)
    return np.asarray(better[better != artist][:n])


def if_and_rather(
    model: Recommender, user: int, item: int, context: Context, listening: Listening
) -> pd.DataFrame:
    """Put a counterfactual and a contrast into a sentence each.

    Chapter: explainable_recommendation.

    Returns
    -------
    DataFrame
        `kind` ("if", "rather than"), `sentence`.
    """
    label = listening.item_names
    change, contrast = counterfactual(model, user, item, context), contrastive(model, user, item, context)
    gone = "Nothing that we tried removes it."
    if len(change.items):
        instead = "" if change.instead is None else f"; {label[change.instead]} would come in"
        gone = f"Without {', '.join(label[change.items])}, it would not be among the ten{instead}."
    rather = "Everything else is recommended too."
    if contrast.instead is not None:
        reasons = ", ".join(label[contrast.best(3).items])
        rather = f"{label[item]} rather than {label[contrast.instead]}: mostly because of {reasons}."
    return pd.DataFrame([("if", gone), ("rather than", rather)], columns=["kind", "sentence"])
