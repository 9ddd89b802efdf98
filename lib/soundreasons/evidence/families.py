"""Several checks of one claim: what they say together.

A sentence says `all` ("on every data set"), `any` ("can be") or `most` ("as a rule"). All pass only if each
passes, which needs no correction (an intersection-union test, Berger, 1982); that one fails is looked for in
as many places as there are checks, and is corrected for (Holm, 1979). For `any` it is the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from soundreasons.evidence.findings import FEWEST, LEVEL, Finding, share_against

Outcome = Literal["supported", "partly supported", "not supported", "undecided", "not tested"]
Quantifier = Literal["all", "any", "most"]
Bias = Literal["towards", "away", "none", "unknown"]


class Member(NamedTuple):
    """One check as it came out: what was found, None if it could not be made, and what limits it.

    `fewest` is how many units of its kind may decide; `is_void` says that its control passed too.
    """

    finding: Finding | None
    bias: Bias = "unknown"
    fewest: int = FEWEST
    is_void: bool = False

    @property
    def has_enough(self) -> bool:
        """Whether its units may decide anything."""
        found = self.finding
        if found is None or self.is_void:
            return False
        return found.is_exact or (found.n_units or 0) >= self.fewest


class Together(NamedTuple):
    """What a family says: its outcome, how many of how many pass, and which member decides or weighs most."""

    outcome: Outcome
    n_passing: int
    n_members: int
    decisive: int | None
    is_favoured: bool = False
    is_spared: bool = False  # it fails, but our set-up pushes that way


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for having looked at all of them (Holm, 1979).

    Examples
    --------
    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def together(members: Sequence[Member], quantifier: Quantifier) -> Together:
    """Say what the checks of a family say together.

    Parameters
    ----------
    members : sequence of Member
        Every check of the family, those that could not be made too.
    quantifier : {"all", "any", "most"}
        What the sentence says over them.

    Returns
    -------
    Together

    Examples
    --------
    >>> passing = Finding(0.001, 0.999, 1.0, 0.5, 0.1, 30, False)
    >>> together([Member(passing), Member(None)], "all").outcome
    'partly supported'
    """
    asked = [place for place, member in enumerate(members) if member.finding is not None]
    able = [place for place in asked if members[place].has_enough]
    if not asked:
        return Together("not tested", 0, len(members), None)
    found = {place: members[place].finding for place in asked}
    passes = {place: found[place].passes for place in able}  # type: ignore[union-attr]
    fails = {place: found[place].fails for place in able}  # type: ignore[union-attr]
    if quantifier == "most":
        return _most(members, asked, able)
    if quantifier == "any":
        return _any(members, able, passes, fails)
    return _all(members, asked, able, passes, fails)


def _all(
    members: Sequence[Member],
    asked: list[int],
    able: list[int],
    passes: dict[int, float],
    fails: dict[int, float],
) -> Together:
    passing = [place for place in able if passes[place] <= LEVEL]
    # A check that our set-up pushes away from the claim cannot count against it.
    fair = [place for place in able if members[place].bias != "away"]
    adjusted = dict(zip(fair, holm([fails[place] for place in fair]), strict=True))
    failing = [place for place in fair if adjusted[place] <= LEVEL]
    spared = [place for place in able if members[place].bias == "away" and fails[place] <= LEVEL]
    n, m = len(passing), len(members)
    if failing:
        worst = min(failing, key=fails.__getitem__)
        return Together("not supported", n, m, worst)
    if len(passing) == len(asked):
        weakest = max(passing, key=passes.__getitem__)
        favoured = any(members[place].bias == "towards" for place in passing)
        return Together("supported" if n == m else "partly supported", n, m, weakest, is_favoured=favoured)
    left = [place for place in asked if place not in passing]
    weakest = max(left, key=lambda place: members[place].finding.passes)  # type: ignore[union-attr]
    return Together("undecided", n, m, weakest, is_spared=bool(spared))


def _any(
    members: Sequence[Member], able: list[int], passes: dict[int, float], fails: dict[int, float]
) -> Together:
    m = len(members)
    adjusted = dict(zip(able, holm([passes[place] for place in able]), strict=True))
    passing = [place for place in able if adjusted[place] <= LEVEL]
    best = min(able, key=passes.__getitem__) if able else None
    if passing:
        favoured = all(members[place].bias == "towards" for place in passing)
        return Together("supported", len(passing), m, best, is_favoured=favoured)
    spared = any(members[place].bias == "away" for place in able)
    if len(able) == m and all(fails[place] <= LEVEL for place in able) and not spared:
        return Together("not supported", 0, m, best)
    return Together("undecided", 0, m, best, is_spared=spared)


def _most(members: Sequence[Member], asked: list[int], able: list[int]) -> Together:
    """The cases are the units: of so many, how many are on the claim's side."""
    good = [place for place in asked if members[place].finding.distance >= 0]  # type: ignore[union-attr]
    found = share_against(len(good), len(asked), 0.5, 1.0)
    n, m = len(good), len(members)
    if found.passes <= LEVEL:
        return Together("supported" if len(asked) == m else "partly supported", n, m, None)
    if found.fails <= LEVEL:
        return Together("not supported", n, m, None)
    return Together("undecided", n, m, None)


def cannot_decide(n_members: int, n_units: int, quantifier: Quantifier) -> bool:
    """Whether a family could never decide, since even the clearest sign test misses its own Holm level.

    Examples
    --------
    >>> cannot_decide(24, 6, "all"), cannot_decide(2, 6, "all")
    (True, False)
    """
    if quantifier == "most":
        return 0.5**n_members > LEVEL
    return n_members * 0.5**n_units > LEVEL
