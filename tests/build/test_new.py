"""A ninth paper: `soundreasons new` makes a chapter that keeps every rule, builds, and can be taken away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from soundreasons import claims, pairing, parameters, results, scaffold
from soundreasons import ledger as ledgers
from support import house, small_book
from support.typed_numbers import find_typed_numbers

SLUG, TITLE = "loud_tones", 'How "loud" is it, \\ and why?'
PAPERS = """# A comment that stays.
- part: "Part I: Tests"
  papers:
    - slug: demo
      title: "A demonstration"
      cite: [afchar2018mesonet]
      question: "What?"
      picture: noise
- part: "Part II: More"
  papers:
    - slug: other
      title: "Another"
      cite: [afchar2018mesonet]
      question: "What else?"
"""
TOC = """format: jb-book
root: book/index
parts:
  - caption: The book
    chapters:
      - file: book/how-to-read
      - file: book/scoreboard
      - file: book/references
  - caption: Part I
    chapters:
      - file: book/chapters/demo
  - caption: What it stands on
    chapters:
      - file: book/api/index
        sections:
          - file: book/api/demo
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small book in parts, with nothing built."""
    root = small_book.write(tmp_path / "book")
    (root / "book" / "papers.yml").write_text(PAPERS)
    (root / "_toc.yml").write_text(TOC)
    (root / "book" / "references.md").write_text("# References\n\n```{bibliography}\n```\n")
    (root / "book" / "api").mkdir()
    (root / "book" / "api" / "index.md").write_text("# Names\n")
    (root / "book" / "api" / "demo.md").write_text("# Names of the demonstration\n")
    monkeypatch.setenv("SOUNDREASONS_ROOT", str(root))
    monkeypatch.delenv("SOUNDREASONS_RUNS", raising=False)
    return root


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_new_chapter_keeps_every_rule_of_the_house(root, monkeypatch):
    scaffold.new(SLUG, TITLE, "Part I")
    monkeypatch.setattr(house, "ROOT", root)
    package, source = house.package(SLUG), root / "notebooks" / f"{SLUG}.md"
    assert house.room_faults(package) == []
    assert house.method_faults(house.modules(package)) == []
    assert house.untested(house.modules(package), house.named(house.trees_of_tests(SLUG))) == []
    assert house.page_faults(house.page(SLUG)) == []
    assert list(find_typed_numbers(source.read_text())) == []
    pairing.require_pair(SLUG)
    ledger = ledgers.load(root / "lib" / "soundreasons" / "papers" / SLUG / "claims.yml")
    assert ledger.title == TITLE
    assert [claim.id for claim in ledger.claims if f"{{claim}}`{claim.id}`" not in source.read_text()] == []
    assert claims.data_named(ledger) == set()
    for profile in ("smoke", "laptop", "paper"):
        assert parameters.profile_values(SLUG, profile)["profile"] == profile


def test_the_book_names_it_once_and_keeps_what_it_said(root):
    scaffold.new(SLUG, TITLE, "tests")
    papers = (root / "book" / "papers.yml").read_text()
    assert papers.startswith("# A comment that stays.\n")
    first, second = yaml.safe_load(papers)
    assert [paper["slug"] for paper in first["papers"]] == ["demo", SLUG]
    assert first["papers"][1]["title"] == TITLE
    assert second == yaml.safe_load(PAPERS)[1]
    toc = yaml.safe_load((root / "_toc.yml").read_text())
    assert [each["file"] for each in toc["parts"][1]["chapters"]] == [
        "book/chapters/demo",
        f"book/chapters/{SLUG}",
    ]
    assert toc["parts"][2]["chapters"][0]["sections"][1] == {"file": f"book/api/{SLUG}"}
    assert f"@misc{{{SLUG}," in (root / "book" / "references.bib").read_text()


@pytest.mark.parametrize(
    ("slug", "title", "part", "told"),
    [
        ("demo", "T", "Part I", "demo is taken: there is notebooks/demo.md"),
        ("Loud", "T", "Part I", "no name for a chapter"),
        ("loud-tones", "T", "Part I", "no name for a chapter"),
        ("class", "T", "Part I", "no name for a chapter"),
        ("../up", "T", "Part I", "no name for a chapter"),
        (SLUG, " \n ", "Part I", "--title is ''"),
        (SLUG, "T", "Part III", "no part is called 'Part III'; did you mean 'Part II: More'"),
        (SLUG, "T", "Part II", "_toc.yml names the part's last chapter 0 times"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_written(root, slug, title, part, told):
    before = tree(root)
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        scaffold.new(slug, title, part)
    assert tree(root) == before


@pytest.mark.long
def test_the_book_with_a_ninth_paper_builds_is_judged_and_stands_without_it_again(root):
    before = tree(root)
    made = small_book.soundreasons(root, "new", SLUG, "--title", TITLE, "--part", "Part I")
    assert made.returncode == 0, made.stderr
    assert f"soundreasons run {SLUG}" in made.stdout
    own = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"tests/papers/{SLUG}", f"lib/soundreasons/papers/{SLUG}"],
        cwd=root, env=small_book.environment(root), text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert own.returncode == 0, own.stdout
    built = small_book.soundreasons(root, "book", "--profile", "smoke")
    assert built.returncode == 0, built.stdout + built.stderr
    page = (root / "_build" / "html" / "book" / "chapters" / f"{SLUG}.html").read_text()
    assert "How loud is a tone in noise?" in page
    names = (root / "_build" / "html" / "book" / "api" / f"{SLUG}.html").read_text()
    assert "root_mean_square" in names
    run = small_book.soundreasons(root, "run", SLUG)
    assert run.returncode == 0, run.stderr
    found = results.read(root / "_build" / "runs" / "laptop" / SLUG / "results.json")
    assert found.verdicts["C1"].outcome == "supported"
    published = small_book.soundreasons(root, "publish", SLUG)
    assert published.returncode == 0, published.stderr
    assert (root / "results" / "laptop" / f"{SLUG}.json").is_file()

    for name in set(tree(root)) - set(before):
        if not name.startswith(("_build", ".snakemake")):
            (root / name).unlink()
    for name, text in before.items():
        (root / name).write_bytes(text)
    again = small_book.soundreasons(root, "book", "--profile", "smoke")
    assert again.returncode == 0, again.stdout + again.stderr
    assert not (root / "_build" / "html" / "book" / "chapters" / f"{SLUG}.html").exists()
