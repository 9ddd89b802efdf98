"""The ledger of the chapter: every rule can hold, and every rule can fail."""

from __future__ import annotations

import pytest

from soundreasons import claims
from soundreasons.measures import measure
from soundreasons.papers.music_deepfakes.data import published
from support import ledgers

LEDGER = ledgers.load("music_deepfakes")


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(("claim", "check"), ledgers.countable(LEDGER))
def test_every_check_can_hold_and_can_fail(claim, check, holds):
    assert ledgers.verdict_alone(claim, check, holds) == ("reproduced" if holds else "contradicted")


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
