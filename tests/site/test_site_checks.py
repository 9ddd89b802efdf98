"""Each check of the site, on a page that is broken in just the way it looks for, and on a sound one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import Browser, BrowserContext

from support import site_checks
from support.site_checks import Visit

pytestmark = pytest.mark.site

PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
BROKEN = f"""<!DOCTYPE html><html><head></head><body>
<script src="http://elsewhere.invalid/tracker.js"></script>
<script>console.error("something went wrong"); notDefined();</script>
<script src="missing.js"></script>
<script>window.MathJax = {{startup: {{promise: Promise.resolve()}}}};</script>
<img src="{PIXEL}"><img src="{PIXEL}" alt=" ">
<div class="math">\\[ x \\]</div>
<mjx-merror data-mjx-error="Undefined control sequence">y</mjx-merror>
<audio src="silence.mp3" aria-label="no sound"></audio>
<div style="width: 2000px">wide</div>
<p style="color: #bbb; background: #fff">hardly to be read</p>
<a href="nowhere.html">no file</a> <a href="good.html#nowhere">no anchor</a>
<a href="#here">no anchor here</a>
<div class="output traceback">NameError</div><pre>Traceback (most recent call last): ...</pre>
</body></html>"""
GOOD = f"""<!DOCTYPE html><html lang="en"><head><title>Good</title>
<link rel="icon" href="data:,"></head><body><main><h1 id="top">Good</h1>
<img src="{PIXEL}" alt="a dot"><img src="{PIXEL}" alt="" role="presentation">
<audio src="tone.wav" controls aria-label="a tone"></audio>
<a href="#top">top</a> <a href="good.html#top">here</a> <a href="https://elsewhere.invalid/">elsewhere</a>
</main></body></html>"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages")
    (path / "broken.html").write_text(BROKEN, encoding="utf-8")
    (path / "good.html").write_text(GOOD, encoding="utf-8")
    (path / "forward.html").write_text(
        '<meta http-equiv="Refresh" content="0; url=good.html">', encoding="utf-8"
    )
    soundfile.write(path / "tone.wav", [0.0, 0.1] * 4000, 8000)
    (path / "silence.mp3").write_bytes(b"not a sound")
    return path


@pytest.fixture(scope="module")
def base(folder: Path) -> Iterator[str]:
    with site_checks.serve(folder) as address:
        yield address


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[BrowserContext]:
    with site_checks.open_window(browser, "phone") as window:
        yield window


@pytest.fixture(scope="module")
def broken(phone: BrowserContext, base: str) -> Visit:
    return site_checks.visit(phone, base, "broken.html")


@pytest.fixture(scope="module")
def wide(browser: Browser, base: str) -> Visit:
    with site_checks.open_window(browser, "desktop") as window:
        return site_checks.visit(window, base, "broken.html")


@pytest.fixture(scope="module", params=list(site_checks.WINDOWS))
def good(browser: Browser, base: str, request: pytest.FixtureRequest) -> Visit:
    with site_checks.open_window(browser, request.param) as window:
        return site_checks.visit(window, base, "good.html")


def test_a_sound_page_has_no_fault(good: Visit) -> None:
    faults = good.console + good.foreign + good.failed + good.maths + good.images + good.overflow + good.axe
    assert (good.status, faults) == (200, [])
    assert [(s["name"], s["error"], s["duration"]) for s in good.sounds] == [("a tone", "", 1.0)]


def test_an_error_in_the_console_is_seen(broken: Visit) -> None:
    assert "something went wrong" in broken.console


def test_an_exception_of_a_script_is_seen(broken: Visit) -> None:
    assert any("notDefined" in fault for fault in broken.console)


def test_a_request_to_another_host_is_seen(broken: Visit) -> None:
    assert broken.foreign == ["http://elsewhere.invalid/tracker.js"]


def test_a_missing_script_is_seen(broken: Visit) -> None:
    assert any(fault.startswith("missing.js: 404") for fault in broken.failed)


def test_a_missing_page_is_seen(phone: BrowserContext, base: str) -> None:
    assert site_checks.visit(phone, base, "missing.html").status == 404


def test_a_formula_left_raw_and_an_error_of_mathjax_are_seen(broken: Visit) -> None:
    assert any(fault.startswith("not typeset: \\[ x \\]") for fault in broken.maths)
    assert any("Undefined control sequence" in fault for fault in broken.maths)


def test_a_page_with_maths_but_without_mathjax_is_seen(
    phone: BrowserContext, folder: Path, base: str
) -> None:
    (folder / "raw.html").write_text('<div class="math">x</div>', encoding="utf-8")
    assert site_checks.visit(phone, base, "raw.html").maths == ["MathJax did not load"]


def test_a_sound_that_cannot_play_is_seen(broken: Visit) -> None:
    assert [(sound["name"], bool(sound["error"])) for sound in broken.sounds] == [("no sound", True)]


def test_missing_and_blank_descriptions_of_pictures_are_seen(broken: Visit) -> None:
    assert len(broken.images) == 2


def test_a_page_wider_than_the_phone_is_seen(broken: Visit) -> None:
    assert len(broken.overflow) == 1


def test_a_missing_language_is_seen_by_axe_in_every_window(broken: Visit, wide: Visit) -> None:
    assert any("html-has-lang" in fault for fault in broken.axe)
    assert any("html-has-lang" in fault for fault in wide.axe)


def test_faint_text_is_seen_by_axe_in_light_and_in_the_dark(wide: Visit) -> None:
    assert any(fault.startswith("light: color-contrast") for fault in wide.axe)
    assert any(fault.startswith("dark: color-contrast") for fault in wide.axe)


def test_broken_links_and_anchors_are_seen(folder: Path) -> None:
    faults = site_checks.find_broken_links(folder, "broken.html")
    assert faults == [
        "missing.js leads to no file",
        "nowhere.html leads to no file",
        "good.html#nowhere leads to no anchor",
        "#here leads to no anchor",
    ]
    assert site_checks.find_broken_links(folder, "good.html") == []


def test_tracebacks_are_seen(folder: Path) -> None:
    assert len(site_checks.find_tracebacks(folder / "broken.html")) == 2
    assert site_checks.find_tracebacks(folder / "good.html") == []


def test_a_head_without_title_or_preview_is_seen(folder: Path) -> None:
    assert site_checks.find_missing_head(folder / "broken.html", folder, "") == ["no title"]
    assert "no og:image" in site_checks.find_missing_head(folder / "good.html", folder, "")


def test_forwarding_pages_are_told_from_pages(folder: Path) -> None:
    assert site_checks.forward_target(folder / "forward.html") == "good.html"
    assert {"good.html", "broken.html"} <= set(site_checks.list_pages(folder))
    assert "forward.html" not in site_checks.list_pages(folder)
