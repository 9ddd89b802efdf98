"""The first page's cards: what exists is linked and pictured, what does not is to come."""

from pathlib import Path

import pytest
import yaml

from soundreasons import ledger as ledgers
from soundreasons import project, results
from soundreasons.results import Shown
from soundreasons.site import contents
from soundreasons.site.edition import Edition
from support.records import record

ROOT = Path(__file__).resolve().parents[2]


def edition(slug: str, folder: Path, **changes) -> Edition:
    run = record().model_copy(update={"slug": slug, **changes})
    return Edition(
        slug=slug,
        ledger=ledgers.Ledger(paper=slug, title=slug, claims=[]),
        run=run,
        folder=folder,
        reference=None,
    )


def paper(slug: str, picture: str = "") -> contents.Paper:
    return contents.Paper(
        slug=slug, title=f"On {slug}", cite=[slug], question=f"What of {slug}?", picture=picture
    )


THE_EIGHT = {
    "mesonet",
    "music_deepfakes",
    "functional_attribution",
    "interpretable_attribution",
    "spiky_svd",
    "concept_hierarchies",
    "song_descriptors",
    "explainable_recommendation",
}


@pytest.fixture
def book(tmp_path, monkeypatch):
    (tmp_path / "_toc.yml").write_text("format: jb-book")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "book").mkdir()
    monkeypatch.setenv("SOUNDREASONS_ROOT", str(tmp_path))
    return tmp_path


def test_the_papers_are_named_once_and_every_chapter_is_among_them():
    slugs = [paper.slug for part in contents.load() for paper in part.papers]
    assert len(slugs) == len(set(slugs))
    assert set(slugs) >= THE_EIGHT  # a ninth may join them
    assert set(project.slugs()) <= set(slugs)


def test_every_chapter_has_a_picture_that_its_reference_shows():
    for paper in (paper for part in contents.load() for paper in part.papers):
        if paper.slug in project.slugs():
            assert paper.picture in results.read(project.reference(paper.slug, "laptop")).figures, paper.slug


def test_the_sources_of_the_first_page_are_in_the_bibliography():
    text = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    keys = [key for part in contents.load() for paper in part.papers for key in paper.cite]
    assert [key for key in keys if f"{{{key}," not in text] == []


def test_the_table_of_contents_holds_exactly_the_chapters_that_exist():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    listed = [file.removeprefix("book/chapters/") for file in files if file.startswith("book/chapters/")]
    order = [paper.slug for part in contents.load() for paper in part.papers]
    assert listed == [slug for slug in order if slug in project.slugs()]


def test_chapters_follow_the_book_and_strangers_come_last(tmp_path):
    parts = [contents.Part(part="I", papers=[paper("b"), paper("a")])]
    found = contents.in_order([edition(slug, tmp_path) for slug in ("z", "a", "b")], parts)
    assert [chapter.slug for chapter in found] == ["b", "a", "z"]


def test_a_card_links_to_a_chapter_that_exists_and_promises_the_others(book):
    parts = [contents.Part(part="Part I", papers=[paper("a", "rays"), paper("b")])]
    (book / "figures").mkdir()
    (book / "figures" / "rays.png").write_bytes(b"png")
    shown = {"rays": Shown(file="figures/rays.png", caption="Rays.", alt='"Rays"\nfrom #1: a point.')}
    text = contents.cards([edition("a", book, figures=shown)], parts, {"a": "2 reproduced"})
    first, second = text.split("What of b?")
    assert "<chapters/a>`: 2 reproduced." in first
    assert ":img-top: generated/picture-a.png\n" in first
    # A quoted word in YAML: an alternative may hold quotation marks, colons and the sign of a comment.
    assert r':img-alt: "\"Rays\" from #1: a point."' in first
    assert (book / "book" / "generated" / "picture-a.png").read_bytes() == b"png"
    assert "To come." in second
    assert "chapters/b" not in text


def test_a_run_without_the_figure_has_no_picture(book):
    parts = [contents.Part(part="Part I", papers=[paper("a", "rays")])]
    assert ":img-top:" not in contents.cards([edition("a", book)], parts, {})


def test_a_misspelt_field_is_named(book):
    (book / "book" / "papers.yml").write_text("- part: I\n  paper: []\n")
    with pytest.raises(ValueError, match=r"book/papers.yml, papers: Field required"):
        contents.load()
