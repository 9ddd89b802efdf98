"""What a first prototype of the recommenders gave, read from the ledger so that each number stands once."""

from __future__ import annotations

from functools import cache
from importlib import resources

import pandas as pd
import yaml


@cache
def prototype() -> pd.DataFrame:
    """Lay out recall and nDCG at ten of the prototype, one split of Last.fm; one row a model.

    Chapter: explainable_recommendation.

    Examples
    --------
    >>> float(prototype().loc["ease", "ndcg"])
    0.264
    """
    ledger = yaml.safe_load(resources.files(__package__).joinpath("claims.yml").read_text(encoding="utf-8"))
    told = next(claim["reported"] for claim in ledger["claims"] if claim["id"] == "R1")
    table = pd.DataFrame([(*each["id"].split("_"), each["value"]) for each in told])
    return table.set_axis(["metric", "model", "value"], axis=1).pivot(
        index="model", columns="metric", values="value"
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
