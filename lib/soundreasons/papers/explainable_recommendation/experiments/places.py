"""Where an explanation can enter: a model of the model, and rules of what it recommends."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from soundreasons.papers.explainable_recommendation.experiments.splits import Split
from soundreasons.papers.explainable_recommendation.fast.criteria import answered
from soundreasons.papers.explainable_recommendation.fast.surrogates import rule_evidence, surrogate


def imitations(part: Split, names: Sequence[str], users: Sequence[int]) -> pd.DataFrame:
    """Say how well a shallow tree and a line imitate each model, and how much of it rules explain.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    part : Split
        The models, and what else is known.
    names : sequence of str
        Of the models.
    users : sequence of int
        Whose recommendations rules are asked about.

    Returns
    -------
    DataFrame, one row a model
        `R², tree`, `R², line`, `rank correlation, line` (on users not seen), and `explained by a rule`, the
        model fidelity of Peake and Wang (2018).
    """
    rows = {}
    for name in names:
        model = part.models[name]
        small = surrogate(model, part.context)
        ruled = float(np.mean(answered(model, rule_evidence, users, part.context)))
        rows[name] = {
            "R², tree": small.r2["tree"],
            "R², line": small.r2["line"],
            "rank correlation, line": small.spearman["line"],
            "explained by a rule": ruled,
        }
    return pd.DataFrame(rows).T.rename_axis("model")
