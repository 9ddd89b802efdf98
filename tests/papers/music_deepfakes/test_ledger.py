"""The ledger of the chapter: every rule can hold, and every rule can fail."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from soundreasons import claims
from soundreasons.measures import measure
from soundreasons.papers.music_deepfakes import published

LEDGER = claims.load(Path(str(resources.files("soundreasons.papers.music_deepfakes") / "claims.yml")))
CHECKS = [
    pytest.param(claim, check, id=f"{claim.id}-{number}")
    for claim in LEDGER.claims
    for number, check in enumerate(claim.expanded())
]


def values(check, holds):
    """Exact measures under which the check holds, or fails."""
    sign = 1 if holds else -1
    match check.rule:
        case "at_least":
            return {check.measure: check.bar + sign * 0.01}
        case "at_most":
            return {check.measure: check.bar - sign * 0.01}
        case "ordering":
            return {name: sign * 0.1 * place for place, name in enumerate(check.measures)}
    raise AssertionError(f"no values for {check.rule}")


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(("claim", "check"), CHECKS)
def test_every_check_can_hold_and_can_fail(claim, check, holds):
    found = {name: measure(value, exact=True) for name, value in values(check, holds).items()}
    alone = claim.model_copy(update={"checks": [check.model_copy(update={"for_each": {}})]})
    judged = claims.judge(alone, found, profile="laptop")
    assert judged.verdict == ("reproduced" if holds else "contradicted")


def test_what_needs_the_authors_clips_is_not_tested_without_them():
    claim = LEDGER.claim("P1")
    found = {"prints.largest_difference": measure(0.0, exact=True)}
    judged = claims.judge(claim, found, profile="laptop", absent=["deepfake_examples"])
    assert judged.verdict == "not tested"


def test_the_papers_transfer_table_is_whole_and_sees_itself():
    # Each decoder detects itself in all snippets, as printed.
    table = published.published_transfer()
    assert table.shape == (9, 9)
    assert [table.loc[name, name] for name in table.index] == [100] * 9


def test_the_table_computed_beforehand_counts_songs():
    table = published.counted_beforehand()
    assert table.shape == (7, 9)
    assert table.to_numpy().min() >= 0
    assert table.to_numpy().max() == 7
