"""Tables in which an outcome is to be told from a person's or a visit's features.

Chapters: functional_attribution, interpretable_attribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from soundreasons.data.files import Folder, open_decoded, text_lines

_ADULT_COLUMNS = ["age", "workclass", "fnlwgt", "education", "education_num", "marital_status"]
_ADULT_COLUMNS += ["occupation", "relationship", "race", "sex", "capital_gain", "capital_loss"]
_ADULT_COLUMNS += ["hours_per_week", "native_country", "income"]


@dataclass(frozen=True)
class AdultCensus:
    """Income of 32,561 people of the 1994 census, training part (Becker and Kohavi, 1996).

    Attributes
    ----------
    name : str
        Name in the registry.
    people : DataFrame
        `age`, `fnlwgt` (survey weight), `education_num`, `capital_gain`, `capital_loss` (dollars),
        `hours_per_week` (int); `workclass`, `education`, `marital_status`, `occupation`,
        `relationship`, `race`, `sex`, `native_country` (text, ``?`` where unknown); `income` (text,
        ``<=50K`` or ``>50K``).
    """

    name: str
    people: pd.DataFrame


@dataclass(frozen=True)
class OnlineShoppers:
    """12,330 visits to a shop and whether they ended in a purchase (Sakar et al., 2019).

    Attributes
    ----------
    name : str
        Name in the registry.
    visits : DataFrame
        Pages seen by kind (int) and seconds spent on them (float), `BounceRates`, `ExitRates`,
        `PageValues`, `SpecialDay` (float), `Month`, `VisitorType` (text), `OperatingSystems`,
        `Browser`, `Region`, `TrafficType` (int codes), `Weekend`, `Revenue` (bool, bought).
    """

    name: str
    visits: pd.DataFrame


def read_adult(folder: Folder) -> AdultCensus:
    """Read the table; the publisher's file has no header, a copy may have one."""
    has_header = not next(text_lines(folder.path("adult.csv")), "")[:1].isdigit()
    with open_decoded(folder.path("adult.csv")) as stream:
        people = pd.read_csv(
            stream,
            names=_ADULT_COLUMNS,
            skiprows=1 if has_header else 0,
            skipinitialspace=True,
            keep_default_na=False,  # "?" stays a word
        )
    return AdultCensus(folder.name, people)


def read_shoppers(folder: Folder) -> OnlineShoppers:
    """Read the table; copies that write the outcome as 0 and 1 are the same."""
    with open_decoded(folder.path("online_shoppers_intention.csv")) as stream:
        visits = pd.read_csv(stream, keep_default_na=False)
    return OnlineShoppers(folder.name, visits.astype({"Weekend": "bool", "Revenue": "bool"}))
