"""From an executed notebook to a page: whose numbers the prose shows."""

from pathlib import Path

from soundreasons import ledger as ledgers
from soundreasons.measures import measure
from soundreasons.site import compose
from soundreasons.site.edition import Edition
from support.records import record

PROSE = (
    "Of {glue:text}`here:.1f`, {glue:text}`there:.2f` to {glue:text}`there.high:.1f`, "
    "{glue:text}`nowhere:.1f`."
)


def page(run, reference) -> str:
    ledger = ledgers.Ledger(paper="demo", title="Demo", claims=[])
    edition = Edition(slug="demo", ledger=ledger, run=run, folder=Path(), reference=reference)
    return compose.with_reference(PROSE, edition)


def test_what_a_run_did_not_measure_is_the_reference_s_and_says_so():
    run = record(here=measure([1.0, 2.0]))
    text = page(run, record(here=measure([7.0, 8.0]), there=measure([3.0, 4.0])))
    assert "{glue:text}`here:.1f`" in text  # its own number stays its own
    assert "**3.50** [reference edition]{.provenance} to **9.9** [reference edition]" in text
    assert text.endswith("*not measured*.")


def test_without_a_reference_it_is_said_not_to_be_measured():
    assert page(record(here=measure(1.0)), None).count("*not measured*") == 3
