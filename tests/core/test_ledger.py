"""Reading a ledger by name: what is found, and what is said when it is not."""

from __future__ import annotations

import pytest

from soundreasons import ledger, project

TEXT = """
paper: tiny
title: Tiny
claims:
  - id: C1
    claim: a claim
    where: Table 1
    kind: paper
    known: secondary
    not_tested: only read here
    reported:
      - {id: row_a, value: "99 4 0.5", what: a row, provenance: paper}
      - {id: row_b, value: 7, unit: peaks, what: a count, provenance: ours}
  - {id: C2, claim: another, where: Table 2, kind: ours, known: ours, not_tested: only read here}
facts:
  - {id: bar_850, value: 465, what: a bar, provenance: paper}
  - {id: bar_700, value: 12, what: a bar, provenance: paper}
  - {id: hidden, value: null, what: nobody knows, provenance: recalled}
"""


@pytest.fixture
def book(tmp_path):
    file = tmp_path / "tiny" / "claims.yml"
    file.parent.mkdir()
    file.write_text(TEXT)
    return ledger.load(file)


def test_a_value_is_found_by_claim_and_id_and_a_fact_by_its_id(book):
    count = book.reported("C1.row_b")
    assert (count.number, count.unit, count.provenance) == (7.0, "peaks", "ours")
    assert book.reported("bar_850") is book.fact("bar_850")
    assert book.claim("C2").claim == "another"


def test_everything_that_is_cited_has_one_name(book):
    assert list(book.cited()) == ["bar_850", "bar_700", "hidden", "C1.row_a", "C1.row_b"]


def test_values_with_a_prefix_keep_their_order_and_lose_the_prefix(book):
    assert {name: fact.number for name, fact in book.facts_with("bar_").items()} == {"850": 465, "700": 12}
    assert list(book.facts_with("bar_")) == ["850", "700"]
    assert list(book.claim("C1").reported_with("row_")) == ["a", "b"]
    assert list(book.claim("C1").reported_with()) == ["row_a", "row_b"]


def test_a_row_of_numbers_is_read_from_its_text(book):
    assert book.reported("C1.row_a").numbers == (99.0, 4.0, 0.5)
    assert book.reported("C1.row_b").numbers == (7.0,)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda book: book.reported("C1.row_c"), "did you mean 'C1.row_"),
        (lambda book: book.fact("C1.row_a"), "no fact of tiny is called 'C1.row_a'"),
        (lambda book: book.claim("C3"), "no claim of tiny is called 'C3'; did you mean 'C"),
        (lambda book: book.facts_with("leaf_"), "no fact of tiny begins with 'leaf_'; there are: bar_850"),
        (lambda book: book.claim("C2").reported_with("x"), "no value of claim C2 begins with 'x'.*none"),
        (lambda book: book.reported("C1.row_a").number, "row_a is '99 4 0.5' in the ledger, no number"),
        (lambda book: book.fact("hidden").number, "hidden is None in the ledger, no number"),
        (lambda book: book.fact("hidden").numbers, "hidden is None in the ledger, no row of numbers"),
    ],
)
def test_what_the_ledger_does_not_hold_is_said_with_what_it_holds(book, ask, message):
    with pytest.raises(ledger.LedgerError, match=message):
        ask(book)


def test_a_paper_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(ledger.LedgerError, match="did you mean 'spiky_svd'"):
        ledger.read("spiky_svds")


def test_the_papers_of_the_library_are_the_chapters_of_the_book():
    assert ledger.papers() == project.slugs()


def test_a_ledger_that_ships_with_the_library_is_read_once_and_equals_its_file():
    assert ledger.read("spiky_svd") is ledger.read("spiky_svd")
    assert ledger.read("spiky_svd") == ledger.load(project.ledger("spiky_svd"))
