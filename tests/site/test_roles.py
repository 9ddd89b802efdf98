"""The roles that cite the ledger, in a real Sphinx build of a small site."""

import io
import json
from pathlib import Path
from typing import get_args

import pytest
from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from soundreasons import ledger as ledgers
from soundreasons.site import address

LEDGER = """
paper: tiny_paper
title: Tiny
claims:
  - id: C1
    claim: "Two lines of
      claim."
    where: Table 1
    kind: paper
    known: secondary
    not_tested: a page is all that is tested here
    reported:
      - {id: peaks, value: 1395, unit: peaks, what: "peaks in all", provenance: secondary}
      - {id: share, value: 0.036, unit: "%", what: share, provenance: recalled}
facts:
  - {id: items, value: 1438603, unit: items, what: items, provenance: authors-repository}
"""


def build(tmp_path: Path, page: str, text: str) -> tuple[BeautifulSoup, str]:
    """Build a site of one page with the roles; give the page and the warnings."""
    source = tmp_path / "source"
    for name, content in {
        f"{page}.md": f"# Page\n\n{text}\n",
        "book/scoreboard.md": "# Scoreboard\n\n(claim-tiny_paper-c1)=\n## C1\n",
        "book/how-to-read.md": "# How to read\n\n(provenance)=\n## Marks\n",
        "index.md": "# Index\n",
    }.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("---\norphan: true\n---\n" + content, encoding="utf-8")
    papers = tmp_path / "papers" / "tiny_paper"
    papers.mkdir(parents=True)
    (papers / "claims.yml").write_text(LEDGER, encoding="utf-8")
    settings = {
        "extensions": ["myst_parser", "soundreasons.site.roles"],
        # Sphinx adds what an extension reads to its one default, which another build may have done before.
        "source_suffix": {".md": "markdown"},
        "soundreasons_papers": str(tmp_path / "papers"),
    }
    warnings = io.StringIO()
    with docutils_namespace():
        Sphinx(
            source,
            None,
            tmp_path / "out",
            tmp_path / "trees",
            "html",
            settings,
            status=None,
            warning=warnings,
        ).build()
    html = (tmp_path / "out" / f"{page}.html").read_text(encoding="utf-8")
    return BeautifulSoup(html, "html.parser"), warnings.getvalue()


def first(page: BeautifulSoup, selector: str) -> Tag:
    found = page.select_one(selector)
    assert found is not None, f"{selector} is not on the page"
    return found


def test_a_claim_links_to_its_row_with_its_sentence_as_tooltip(tmp_path: Path) -> None:
    page, warnings = build(tmp_path, "book/chapters/tiny_paper", "See {claim}`C1`.")
    link = first(page, "a.claim")
    assert (link["href"], link.text) == ("../scoreboard.html#claim-tiny-paper-c1", "C1")
    scoreboard = (tmp_path / "out" / "book" / "scoreboard.html").read_text(encoding="utf-8")
    assert BeautifulSoup(scoreboard, "html.parser").find(id="claim-tiny-paper-c1") is not None
    assert (link["title"], warnings) == ("Claim C1: Two lines of claim.", "")


def test_a_mark_has_the_shape_of_its_verdict_and_says_it_to_who_listens(tmp_path: Path) -> None:
    page, warnings = build(tmp_path, "book/index", "{mark}`tiny_paper:C1 not tested`")
    link = first(page, "a.verdict-not-tested")
    assert (link.text, link["href"]) == ("C1 not tested", "scoreboard.html#claim-tiny-paper-c1")
    assert first(page, "a.verdict .only-heard").text == " not tested"
    assert (link["title"], warnings) == ("Two lines of claim.", "")


def test_an_outcome_is_said_in_the_words_of_this_build(tmp_path: Path) -> None:
    told = tmp_path / "source" / "book" / "generated" / "scoreboard.json"
    told.parent.mkdir(parents=True)
    row = {
        "paper": "tiny_paper",
        "claim": "C1",
        "words": "not seen on a stand-in",
        "outcome": "not supported",
    }
    told.write_text(json.dumps([row]))
    page, warnings = build(tmp_path, "book/chapters/tiny_paper", "This is {outcome}`C1`.")
    link = first(page, "a.outcome-not-supported")
    assert (link.text, link["href"]) == ("not seen on a stand-in", "../scoreboard.html#claim-tiny-paper-c1")
    assert warnings == ""


def test_before_the_first_build_nothing_is_tested(tmp_path: Path) -> None:
    page, warnings = build(tmp_path, "book/chapters/tiny_paper", "This is {outcome}`C1`.")
    assert (first(page, "a.outcome").text, warnings) == ("not tested", "")


def test_a_reported_value_shows_unit_and_provenance_in_words(tmp_path: Path) -> None:
    page, warnings = build(tmp_path, "book/chapters/tiny_paper", "They found {paper}`C1.peaks`.")
    mark = first(page, "a.provenance-secondary")
    assert first(page, ".reported").text == "1,395\N{NO-BREAK SPACE}peaks"
    assert (mark.text, mark["href"]) == ("second-hand", "../how-to-read.html#provenance")
    assert "peaks in all" in str(mark["title"])
    assert warnings == ""


@pytest.mark.parametrize(
    ("citation", "value", "mark"),
    [
        (
            "tiny_paper:items",
            "1,438,603\N{NO-BREAK SPACE}items",
            "authors\N{RIGHT SINGLE QUOTATION MARK} files",
        ),
        ("tiny_paper:C1.share", "0.036\N{NO-BREAK SPACE}%", "recalled, unchecked"),
    ],
)
def test_elsewhere_the_paper_is_named(tmp_path: Path, citation: str, value: str, mark: str) -> None:
    page, warnings = build(tmp_path, "book/page", f"They found {{paper}}`{citation}`.")
    assert (first(page, ".reported").text, first(page, ".provenance").text) == (value, mark)
    assert warnings == ""


@pytest.mark.parametrize(
    ("page", "citation", "complaint"),
    [
        ("book/chapters/tiny_paper", "{claim}`C9`", "no claim of tiny_paper is called 'C9'"),
        ("book/chapters/tiny_paper", "{paper}`C1.shore`", "did you mean 'C1.share'?"),
        ("book/chapters/tiny_paper", "{paper}`no`", "There are: C1.peaks, C1.share, items"),
        ("book/chapters/tiny_paper", "{claim}`other:C1`", "no ledger is called 'other'"),
        ("book/page", "{claim}`C1`", "names no paper"),
    ],
)
def test_what_the_ledger_does_not_hold_is_a_warning(
    tmp_path: Path, page: str, citation: str, complaint: str
) -> None:
    _, warnings = build(tmp_path, page, f"A line.\n\nSee {citation}.")
    assert complaint in warnings
    assert f"{page}.md:8" in warnings


def test_every_provenance_of_the_ledger_has_a_mark_in_words() -> None:
    assert set(ledgers.PROVENANCE) == set(get_args(ledgers.Provenance))
    assert len({mark.label for mark in ledgers.PROVENANCE.values()}) == len(ledgers.PROVENANCE)


@pytest.mark.parametrize(
    "given", ["books.example.org", "ftp://example.org/", "https://", "https://example.org/?a=b"]
)
def test_an_impossible_site_address_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match=r"SOUNDREASONS_SITE_URL is .*expected an address"):
        address.site_address(given)
