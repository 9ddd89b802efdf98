"""Names that hold markup: on a built page, in a real browser, they are letters."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser

from soundreasons import chapter, showing
from support import site_checks, small_site

NAMES = [
    "M*A*S*H (1970)",
    "Ke$ha and A$AP Rocky",
    "{{ b }}",
    "{claim}`C1`",
    "{{ b }} {role}`x`",
    "<script>document.title = 'taken'</script>",
    "<img src=x onerror=\"document.title = 'taken'\">",
    "![](http://elsewhere.invalid/x.png)",
    "[a](javascript:document.title='taken')",
    "a | b || c",
    "`tick` and ``two``",
    "_under_ __scores__ and _a_",
    "# heading",
    "- item",
    "1. first",
    "> said",
    "% comment",
    "(target)=",
    ":::{note}",
    "http://elsewhere.invalid/page and www.example.com, Last.fm",
    "<http://elsewhere.invalid>",
    "AT&amp;T &copy; &#42;",
    "~~gone~~ ^up^ H~2~O",
    'Say "so" -- it\'s ... (c)',
    "back\\slash \\* \\$",
    "$$x$$ \\(y\\) \\[z\\] \\begin{align}",
    "[ ] box",
    "Sigur Rós – Ágætis byrjun, 椎名林檎 🎵",
]
# The site sets quotation marks, dashes and dots as a printer does; all else is as it was given.
TYPESET = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "--", "\u2026": "..."}
LIVE = ("script:not([src])", "img[src='x']", "img[src*='elsewhere']", "a[href*='javascript']")


def letters(text: str) -> str:
    for set_, typed in TYPESET.items():
        text = text.replace(set_, typed)
    return " ".join(text.split())


@pytest.fixture
def said(demo, tmp_path, monkeypatch):
    """Show every name in a table, in captions and beside a sound; give what was displayed, cell by cell."""
    shown: list[tuple[dict, dict]] = []
    monkeypatch.setattr(showing, "display", lambda bundle, metadata: shown.append((bundle, metadata)))
    run = chapter.open("demo", {"out": str(tmp_path / "out")})
    cells = []
    everything = " · ".join(map(chapter.plain, NAMES))
    titles = pd.DataFrame({"title": NAMES, "n": 1, "who": [chapter.Markup("*ours*|x")] * len(NAMES)})
    run.table(titles.set_index("title"), "titles", caption=f"*Titles*, such as {everything}")
    figure = plt.figure(figsize=(1, 1))
    run.figure(figure, "dots", caption=f"{everything}, <b>no tag</b>", alt=" · ".join(NAMES))
    run.sound(np.zeros(800), 8000, name="tone", caption=f"By {everything}")
    cells += [shown[:1], shown[1:3], shown[3:]]
    return cells


def test_a_name_is_shown_letter_by_letter_and_nothing_in_it_is_live(
    said, tmp_path: Path, browser: Browser
) -> None:
    warnings = small_site.build(tmp_path, [small_site.cell(outputs) for outputs in said])
    assert warnings == ""
    with site_checks.serve(tmp_path / "site") as base, site_checks.open_window(browser, "desktop") as window:
        tab = window.new_page()
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(base + small_site.PAGE, wait_until="load")
        cells = tab.locator("table tbody tr td:first-child").all_inner_texts()
        authored = tab.locator("table tbody tr td:last-child em").all_inner_texts()
        captions = [tab.locator(place).first.inner_text() for place in ("table caption", "figure figcaption")]
        spoken = tab.locator("figure.sound figcaption").inner_text()
        alt = tab.locator("figure:not(.sound) img").first.get_attribute("alt")
        live = {place: tab.locator(f"[role=main] {place}, main {place}").count() for place in LIVE}
        links = tab.locator("td a, caption a.external, figcaption a.external").all_inner_texts()
        emphasis = tab.locator("table caption em").all_inner_texts()
        title = tab.title()
    assert list(map(letters, cells)) == list(map(letters, NAMES))
    assert authored == ["ours"] * len(NAMES)
    everything = " · ".join(NAMES)
    assert letters(everything) in letters(captions[0])
    assert letters(f"{everything}, <b>no tag</b>") in letters(captions[1])
    assert spoken == f"By {everything}"
    assert alt == everything
    assert (links, emphasis) == ([], ["Titles"])
    assert set(live.values()) == {0}, live
    assert title != "taken"
    assert [url for url in asked if not url.startswith(base)] == []


def test_a_script_that_an_author_forgot_to_escape_is_not_live_either(
    demo, tmp_path: Path, monkeypatch, browser: Browser
) -> None:
    shown: list[tuple[dict, dict]] = []
    monkeypatch.setattr(showing, "display", lambda bundle, metadata: shown.append((bundle, metadata)))
    run = chapter.open("demo", {"out": str(tmp_path / "out")})
    raw = " ".join(name for name in NAMES if "taken" in name or "elsewhere" in name)
    run.table(pd.DataFrame({"n": [1]}), "numbers", caption=raw)
    run.figure(plt.figure(figsize=(1, 1)), "dots", caption=raw, alt="Nothing.")
    small_site.build(tmp_path, [small_site.cell(shown[:1]), small_site.cell(shown[1:])])
    with site_checks.serve(tmp_path / "site") as base, site_checks.open_window(browser, "desktop") as window:
        tab = window.new_page()
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(base + small_site.PAGE, wait_until="load")
        live = {place: tab.locator(f"figure {place}, table {place}").count() for place in LIVE}
        title = tab.title()
    assert set(live.values()) == {0}, live
    assert title != "taken"
    assert [url for url in asked if not url.startswith(base)] == []
