"""The built site, opened in a real browser: a desktop window and a phone's, light and dark."""

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from support import site_checks
from support.site_checks import Visit

pytestmark = pytest.mark.site

GENERATED = ("search.html", "404.html")


@pytest.fixture(scope="module")
def base(site: Path) -> Iterator[str]:
    with site_checks.serve(site) as address:
        yield address


@pytest.fixture(scope="module")
def pages(site: Path) -> list[str]:
    return site_checks.list_pages(site)


@pytest.fixture(scope="module")
def visits(browser: Browser, base: str, pages: list[str]) -> list[Visit]:
    """Every page, opened once in each window; the tests below read what was seen."""
    seen = []
    for name in site_checks.WINDOWS:
        with site_checks.open_window(browser, name) as window:
            seen += [site_checks.visit(window, base, page) for page in pages]
    return seen


@pytest.fixture(params=list(site_checks.WINDOWS))
def tab(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    with site_checks.open_window(browser, request.param) as window:
        yield window.new_page()


def gather(visits: list[Visit], read: Callable[[Visit], list[str]]) -> list[str]:
    return [f"{seen.page} ({seen.window}): {fault}" for seen in visits for fault in read(seen)]


def test_the_pages_of_the_book_are_all_there(pages: list[str]) -> None:
    written = {
        "index",
        "how-to-read",
        "scoreboard",
        "rerun",
        "teach",
        "industrial-challenges",
        "literature-map",
        "data",
        "deviations",
        "glossary",
        "references",
    }
    assert {f"book/{name}.html" for name in written} | {"404.html", "search.html"} <= set(pages)
    assert any(page.startswith("book/chapters/") for page in pages)


def test_every_page_answers(visits: list[Visit]) -> None:
    assert {f"{seen.page}: {seen.status}" for seen in visits if seen.status != 200} == set()


def test_no_page_logs_an_error(visits: list[Visit]) -> None:
    assert gather(visits, lambda seen: seen.console) == []


def test_no_page_asks_another_host(visits: list[Visit]) -> None:
    assert gather(visits, lambda seen: seen.foreign) == []


def test_no_request_fails(visits: list[Visit]) -> None:
    assert gather(visits, lambda seen: seen.failed) == []


def test_equations_are_typeset(visits: list[Visit]) -> None:
    assert gather(visits, lambda seen: seen.maths) == []


def test_there_are_equations_to_typeset(site: Path) -> None:
    chapters = [site / page for page in site_checks.list_pages(site) if page.startswith("book/chapters/")]
    assert [path.name for path in chapters if not site_checks.parse(path).select(".math")] == []


def test_every_sound_plays(visits: list[Visit]) -> None:
    silent = gather(
        visits,
        lambda seen: [
            f"{s['name']}: {s['error']}" for s in seen.sounds if s["error"] or not s["duration"] > 0
        ],
    )
    assert silent == []


def test_the_reading_guide_has_a_sound(visits: list[Visit]) -> None:
    assert [len(seen.sounds) for seen in visits if seen.page == "book/how-to-read.html"] == [1, 1]


def test_every_picture_has_a_description(visits: list[Visit]) -> None:
    assert gather(visits, lambda seen: seen.images) == []


def test_no_page_is_wider_than_its_window(visits: list[Visit]) -> None:
    assert gather(visits, lambda seen: seen.overflow) == []


def test_axe_finds_no_grave_fault_in_light_or_dark_mode(visits: list[Visit]) -> None:
    assert gather(visits, lambda seen: seen.axe) == []


def test_no_page_shows_a_traceback(site: Path, pages: list[str]) -> None:
    assert [(page, fault) for page in pages for fault in site_checks.find_tracebacks(site / page)] == []


def test_no_link_inside_the_site_is_broken(site: Path, pages: list[str]) -> None:
    assert [(page, fault) for page in pages for fault in site_checks.find_broken_links(site, page)] == []


def test_the_root_leads_to_the_first_page(site: Path) -> None:
    assert site_checks.forward_target(site / "index.html") == "book/index.html"


def test_every_page_of_the_book_has_a_title_and_a_preview(site: Path, pages: list[str]) -> None:
    canonical = site_checks.parse(site / "book/index.html").find("link", rel="canonical")
    address = str(canonical["href"]).removesuffix("book/index.html")
    book = [page for page in pages if page not in GENERATED]
    assert [(p, f) for p in book for f in site_checks.find_missing_head(site / p, site, address)] == []


def test_titles_differ(site: Path, pages: list[str]) -> None:
    titles = [site_checks.parse(site / page).title.get_text(strip=True) for page in pages]
    assert sorted(titles) == sorted(set(titles))


def test_every_page_of_the_book_says_when_it_was_updated(site: Path, pages: list[str]) -> None:
    silent = [p for p in pages if not site_checks.parse(site / p).find("p", class_="last-updated")]
    assert silent == []


def test_the_sitemap_lists_the_pages_of_the_book(site: Path, pages: list[str]) -> None:
    listed = [
        tag.text or "" for tag in ElementTree.parse(site / "sitemap.xml").iter() if tag.tag.endswith("}loc")
    ]
    missing = [
        page for page in pages if page not in GENERATED and not any(url.endswith(page) for url in listed)
    ]
    assert missing == []


def test_every_chapter_can_be_downloaded_with_its_outputs(site: Path, pages: list[str]) -> None:
    for page in (page for page in pages if page.startswith("book/chapters/")):
        links = [str(a["href"]) for a in site_checks.parse(site / page).select("a[href$='.ipynb']")]
        assert links, f"{page} offers no notebook"
        notebook = json.loads((site / page).parent.joinpath(links[0]).read_text(encoding="utf-8"))
        assert any(cell.get("outputs") for cell in notebook["cells"]), f"{links[0]} holds no outputs"


def test_next_leads_through_the_whole_book(tab: Page, base: str, pages: list[str]) -> None:
    tab.goto(base + "book/index.html")
    reached = ["book/index.html"]
    while (following := tab.locator("a.right-next")).count():
        following.first.click()
        tab.wait_for_load_state()
        reached.append(tab.url.removeprefix(base))
    assert sorted(reached) == sorted(page for page in pages if page not in GENERATED)


def test_search_finds_a_term(tab: Page, base: str) -> None:
    tab.goto(base + "book/index.html")
    tab.keyboard.press("Control+k")
    field = tab.locator("dialog[open] input[type=search]")
    expect(field).to_be_visible()
    field.type("provenance")
    field.press("Enter")
    results = tab.locator("#search-results ul.search li a")
    expect(tab.locator("#search-results")).to_contain_text("Search finished", timeout=15_000)
    assert any(
        "glossary.html#term-provenance" in (link.get_attribute("href") or "") for link in results.all()
    )


def test_search_for_what_is_not_there_finds_nothing(tab: Page, base: str) -> None:
    tab.goto(base + "search.html?q=zzyzxqwv")
    expect(tab.locator("#search-results")).to_contain_text("did not match any documents", timeout=15_000)


def test_the_switch_turns_the_page_dark_and_it_stays_dark(tab: Page, base: str) -> None:
    background = "() => getComputedStyle(document.body).backgroundColor"
    tab.goto(base + "book/index.html")
    light = tab.evaluate(background)
    switch = tab.locator("button.theme-switch-button:visible").first
    for _ in range(3):  # light, dark, automatic: at most three presses reach dark
        switch.click()
        if tab.locator("html").get_attribute("data-theme") == "dark":
            break
    assert tab.evaluate(background) != light
    tab.goto(base + "book/glossary.html")
    assert tab.locator("html").get_attribute("data-theme") == "dark"
