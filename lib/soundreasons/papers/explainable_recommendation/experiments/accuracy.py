"""Who recommends, and how well?"""

from functools import cache

import pandas as pd
import scipy.sparse as sp

from soundreasons import ledger
from soundreasons.papers.explainable_recommendation.data.listening import Listening
from soundreasons.papers.explainable_recommendation.experiments.splits import Split
from soundreasons.papers.explainable_recommendation.fast.accuracy import accuracy
from soundreasons.papers.explainable_recommendation.fast.additive import EASE, Hybrid, TagContent
from soundreasons.papers.explainable_recommendation.fast.perturbation import remember
from soundreasons.papers.explainable_recommendation.fast.recommenders import Recommender


def accuracies(part: Split, listening: Listening) -> pd.DataFrame:
    """Mean recall and nDCG at ten of each model, one row a model, with nothing hidden but the test.

    The two models that read tags are fitted anew with all of them. Chapter: explainable_recommendation.
    """
    tags, linear = sp.csr_matrix(listening.tags + listening.held_tags), part.models["ease"]
    models = part.models | {
        "tags": TagContent(tags=tags).fit(part.train),
        "hybrid": Hybrid(tags=tags, linear=linear if isinstance(linear, EASE) else None).fit(part.train),
    }
    means = {name: mean_accuracy(model, part) for name, model in models.items()}
    return pd.DataFrame(means).T[["recall", "ndcg"]]


def mean_accuracy(model: Recommender, part: Split) -> pd.Series:
    """Mean over listeners of recall and nDCG at ten on what was hidden; computed once a model and split."""
    key = ("accuracy", model)
    if key not in part.context.memory:
        remember(part.context, key, accuracy(model, part.test).mean(), n_kept=9)
    return part.context.memory[key]


@cache
def prototype() -> pd.DataFrame:
    """Lay out recall and nDCG at ten of the prototype, one split of Last.fm; one row a model.

    Chapter: explainable_recommendation.

    Examples
    --------
    >>> float(prototype().loc["ease", "ndcg"])
    0.264
    """
    told = ledger.read("explainable_recommendation").claim("R1").reported
    table = pd.DataFrame([(*each.id.split("_"), each.value) for each in told])
    return table.set_axis(["criterion", "model", "value"], axis=1).pivot(
        index="model", columns="criterion", values="value"
    )


def beside_prototype(measured: pd.DataFrame) -> pd.DataFrame:
    """Set the prototype's numbers beside recall and nDCG measured now, with the difference of nDCG.

    Empty where the prototype had no such model. Chapter: explainable_recommendation.

    Parameters
    ----------
    measured : DataFrame
        `recall` and `ndcg`, one row a model.

    Returns
    -------
    DataFrame
        `recall`, `prototype's recall`, `ndcg`, `prototype's ndcg`, `difference of ndcg`.

    Examples
    --------
    >>> now = pd.DataFrame({"recall": [0.25], "ndcg": [0.27]}, index=["ease"])
    >>> beside_prototype(now)["difference of ndcg"].round(3).tolist()
    [0.006]
    """
    then = prototype().reindex(measured.index)
    return pd.DataFrame(
        {
            "recall": measured["recall"],
            "prototype's recall": then["recall"],
            "ndcg": measured["ndcg"],
            "prototype's ndcg": then["ndcg"],
            "difference of ndcg": [
                getattr(now, "mean", now) - old
                for now, old in zip(measured["ndcg"], then["ndcg"], strict=True)
            ],
        }
    )
