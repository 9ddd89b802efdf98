"""The tested source of a function on a built page: highlighted, folded, linked."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser

from soundreasons import chapter, showing
from soundreasons.papers.spiky_svd import embed
from soundreasons.site import address, compose
from support import site_checks, small_site

REPOSITORY = "https://git.example.org/us/book"


@pytest.fixture
def outputs(demo, tmp_path, monkeypatch):
    shown: list[tuple[dict, dict]] = []
    monkeypatch.setattr(showing, "display", lambda bundle, metadata: shown.append((bundle, metadata)))
    chapter.open("demo", {"out": str(tmp_path / "out")}).source(embed)
    return shown


@pytest.mark.parametrize("repository", ["", REPOSITORY + "/"])
def test_a_source_is_highlighted_and_its_docstring_opens_at_a_click(
    outputs, tmp_path: Path, browser: Browser, monkeypatch, repository
) -> None:
    monkeypatch.setenv("SOUNDREASONS_REPOSITORY_URL", repository)
    run = SimpleNamespace(commit="0123456789ab")
    warnings = small_site.build(tmp_path, [small_site.cell(outputs, "run.source(embed)")], run=run)
    assert warnings == ""
    mark = outputs[0][1]["soundreasons"]
    with site_checks.serve(tmp_path / "site") as base, site_checks.open_window(browser, "desktop") as window:
        tab = window.new_page()
        tab.goto(base + small_site.PAGE, wait_until="load")
        code = tab.locator("div.highlight-python pre").last
        shown, words = code.inner_text(), code.locator("span.k").count()
        links = tab.locator(f"a[href^='{REPOSITORY}']").evaluate_all("all => all.map(one => one.href)")
        docstring = tab.locator(".admonition.dropdown pre")
        hidden = not docstring.is_visible()
        tab.locator(".admonition.dropdown .admonition-title").click()
        docstring.wait_for(state="visible")
        text = docstring.inner_text()
        stray = tab.locator("details summary").count()
    assert shown.rstrip() == mark["code"]
    assert words > 0  # keywords are told apart
    assert hidden
    assert text.rstrip() == mark["doc"]
    assert stray == 0
    lines = f"#L{mark['line']}-L{mark['end']}"
    expected = f"{REPOSITORY}/blob/0123456789ab/lib/{mark['file']}{lines}"
    assert links == ([expected] if repository else [])


def test_a_run_of_files_that_no_commit_holds_names_no_line(monkeypatch):
    monkeypatch.setenv("SOUNDREASONS_REPOSITORY_URL", REPOSITORY)
    where = ("soundreasons/naming.py", 9, 20)
    assert address.source_address(*where, "012+") == f"{REPOSITORY}/blob/012/lib/soundreasons/naming.py"
    assert address.source_address(*where, "") == f"{REPOSITORY}/blob/HEAD/lib/soundreasons/naming.py"


@pytest.mark.parametrize("given", ["git.example.org/us/book", "ftp://x/y", "https://x/y?z", "https://x/y#z"])
def test_an_address_that_is_none_of_a_repository_is_refused(given):
    with pytest.raises(ValueError, match="SOUNDREASONS_REPOSITORY_URL is"):
        address.repository_address(given)


@pytest.mark.parametrize("failure", [None, "it stopped"])
def test_a_definition_that_is_gone_is_not_shown_as_if_it_were_todays(failure):
    mark = {
        "kind": "source",
        "name": "soundreasons.naming.gone",
        "file": "soundreasons/naming.py",
        "line": 1,
        "end": 2,
    }
    output = {"metadata": {"soundreasons": mark | {"code": "def gone(): ...", "doc": ""}}}
    run = SimpleNamespace(commit="0123456789ab")
    edition = SimpleNamespace(slug="demo", failure=failure, run=run)
    if failure:  # a page of a chapter that failed shows what it had shown, and its box says so
        assert "def gone" in compose._source_cell(edition, output).source
    else:
        with pytest.raises(
            compose.ComposeError, match=r"demo shows soundreasons\.naming\.gone, which is no longer"
        ):
            compose._source_cell(edition, output)
