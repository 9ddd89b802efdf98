"""What a page of the site is checked for, in a real browser and in its files.

`visit` opens one page and gathers everything about it; the other functions read what it gathered,
or the built files, and return findings: short sentences, none if all is well.
"""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, BrowserContext, Page

WINDOWS = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
GRAVE = ("serious", "critical")
# Left to itself, axe fetches style sheets again, from wrong addresses; nothing we check needs that.
AXE_OPTIONS = {"resultTypes": ["violations"], "preload": False}
NOT_PAGES = ("_static", "_sources", "_images", "_downloads", "_sphinx_design_static")

# Waits for MathJax where there is maths, then reports every formula that was not drawn.
MATHS = """async () => {
  const faults = [];
  const formulas = [...document.querySelectorAll('.math')];
  if (formulas.length === 0) return faults;
  if (!window.MathJax || !window.MathJax.startup) return ['MathJax did not load'];
  await window.MathJax.startup.promise;
  await document.fonts.ready;
  for (const formula of formulas) {
    const drawn = formula.querySelector('mjx-container');
    if (!drawn || !drawn.querySelector('mjx-c'))
      faults.push('not typeset: ' + formula.textContent.slice(0, 60));
  }
  const fonts = [...document.fonts].filter(font => font.family.includes('MJX') && font.status === 'loaded');
  if (fonts.length === 0) faults.push('no font of MathJax was loaded');
  for (const error of document.querySelectorAll('mjx-merror, [data-mjx-error]'))
    faults.push('error in: ' + (error.getAttribute('data-mjx-error') || error.textContent).slice(0, 60));
  if (document.body.innerText.includes('Math input error')) faults.push('Math input error');
  return faults;
}"""

# Loads and starts every sound, muted; one entry a player.
SOUNDS = """async () => Promise.all([...document.querySelectorAll('audio')].map(async (player, number) => {
  const name = player.getAttribute('aria-label') || player.currentSrc.slice(0, 60) || 'player ' + number;
  const loaded = new Promise((resolve, reject) => {
    if (player.readyState >= 1) resolve();
    player.addEventListener('loadedmetadata', resolve, {once: true});
    player.addEventListener('error', () => reject(new Error('cannot be loaded')), {once: true});
    for (const source of player.querySelectorAll('source'))
      source.addEventListener('error', () => reject(new Error('cannot be loaded')), {once: true});
    setTimeout(() => reject(new Error('did not load in ten seconds')), 10000);
  });
  try {
    player.preload = 'metadata';
    player.load();
    await loaded;
    player.muted = true;
    await player.play();
    player.pause();
    return {name, duration: player.duration, error: ''};
  } catch (error) { return {name, duration: 0, error: error.message || String(error)}; }
}))"""

IMAGES = """() => [...document.querySelectorAll('img')]
  .filter(image => !(image.getAttribute('alt') || '').trim()
    && !['presentation', 'none'].includes(image.getAttribute('role')))
  .map(image => image.getAttribute('src').slice(0, 80))"""

OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width + 1) return [];
  const isClipped = element => {
    const parent = element.parentElement;
    if (!parent || parent === document.body) return false;
    return getComputedStyle(parent).overflowX !== 'visible' || isClipped(parent);
  };
  const wide = [...document.body.querySelectorAll('*')]
    .filter(element => element.getBoundingClientRect().right > width + 1 && !isClipped(element))
    .slice(0, 3).map(element => element.tagName.toLowerCase() + '.' + element.className);
  const found = document.documentElement.scrollWidth;
  return ['page is ' + found + ' wide in a window of ' + width + ': ' + wide.join(', ')];
}"""


@dataclass
class Visit:
    """What one opening of one page showed; every list holds faults, but for `sounds`."""

    page: str
    window: str
    status: int = 0
    console: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    maths: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    overflow: list[str] = field(default_factory=list)
    axe: list[str] = field(default_factory=list)
    sounds: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine; give its address, ending in a slash."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def list_pages(site: Path) -> list[str]:
    """List the HTML pages of a built site, without those that only forward to another one."""
    paths = (path.relative_to(site) for path in sorted(site.rglob("*.html")))
    pages = [path for path in paths if path.parts[0] not in NOT_PAGES]
    return [path.as_posix() for path in pages if forward_target(site / path) is None]


def forward_target(path: Path) -> str | None:
    """Give where a forwarding page leads to, or None for an ordinary page."""
    tag = parse(path).select_one("meta[http-equiv=refresh i]")
    return None if tag is None else str(tag["content"]).partition("=")[2].strip(" '\"")


@functools.lru_cache(maxsize=256)
def parse(path: Path) -> BeautifulSoup:
    """Parse one HTML file."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@contextmanager
def open_window(browser: Browser, window: str) -> Iterator[BrowserContext]:
    """Open a window of one of the two sizes; pages visited in it share its cache, as a reader's would."""
    context = browser.new_context(viewport=WINDOWS[window], color_scheme="light", reduced_motion="reduce")
    try:
        yield context
    finally:
        context.close()


def visit(window: BrowserContext, base: str, page: str) -> Visit:
    """Open a page as a reader would, in light and then in dark mode, and gather its faults.

    Contrast is what takes axe long. No width changes colours, and darkness changes nothing else: so contrast
    is looked at in the wide window, in both modes, and everything else in light, in both windows.
    """
    tab = window.new_page()
    seen = Visit(page, f"{tab.viewport_size['width']} wide" if tab.viewport_size else "")
    _listen(tab, seen, base)
    response = tab.goto(base + page, wait_until="load")
    seen.status = response.status if response else 0
    seen.maths = tab.evaluate(MATHS)
    seen.sounds = tab.evaluate(SOUNDS)
    seen.images = tab.evaluate(IMAGES)
    seen.overflow = tab.evaluate(OVERFLOW)
    is_wide = tab.viewport_size == WINDOWS["desktop"]
    seen.axe = grave_faults(
        tab, "light", {} if is_wide else {"rules": {"color-contrast": {"enabled": False}}}
    )
    if is_wide:
        tab.emulate_media(color_scheme="dark", reduced_motion="reduce")
        tab.wait_for_timeout(100)
        seen.axe += grave_faults(tab, "dark", {"runOnly": {"type": "rule", "values": ["color-contrast"]}})
    tab.close()
    return seen


def _listen(tab: Page, seen: Visit, base: str) -> None:
    def note_request(request: Any) -> None:
        # The browser is started so that it resolves no name: what goes elsewhere is seen, and goes nowhere.
        if not request.url.startswith((base, "data:", "blob:")):
            seen.foreign.append(request.url)

    def note_failure(request: Any) -> None:
        # A player that has read enough of a sound drops the rest of it: that is no fault.
        is_dropped_sound = request.resource_type == "media" and "ABORTED" in (request.failure or "")
        if request.url.startswith(base) and not is_dropped_sound:
            seen.failed.append(f"{request.url.removeprefix(base)}: {request.failure}")

    def note_status(response: Any) -> None:
        if response.status >= 400:
            seen.failed.append(f"{response.url.removeprefix(base)}: {response.status}")

    tab.on("console", lambda message: seen.console.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: seen.console.append(str(error)))
    tab.on("request", note_request)
    tab.on("requestfailed", note_failure)
    tab.on("response", note_status)


def grave_faults(tab: Page, mode: str, rules: dict[str, Any]) -> list[str]:
    """Run axe on what is shown, all rules unless told; name each grave fault and the first places of it."""
    faults = []
    for violation in Axe().run(tab, options=AXE_OPTIONS | rules).response["violations"]:
        if violation["impact"] in GRAVE:
            places = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
            faults.append(f"{mode}: {violation['id']} ({len(violation['nodes'])}): {places}")
    return faults


def find_tracebacks(path: Path) -> list[str]:
    """Find what a failed cell leaves on a page."""
    page = parse(path)
    faults = [f"output of a failed cell: {tag.get_text()[:60]!r}" for tag in page.select(".output.traceback")]
    if "Traceback (most recent call last)" in page.get_text():
        faults.append("the text of a traceback")
    return faults


def find_broken_links(site: Path, page: str) -> list[str]:
    """Find links, pictures and scripts of a page that lead to no file or no anchor of the site."""
    faults = []
    for tag in parse(site / page).find_all(True):
        for attribute in ("href", "src"):
            link = tag.get(attribute)
            if link and (fault := _follow(site, page, str(link))):
                faults.append(fault)
    return faults


def _follow(site: Path, page: str, link: str) -> str:
    address = urlsplit(urljoin(f"http://site/{page}", link))
    if address.scheme not in ("http", "https") or address.netloc != "site":
        return ""
    path = site / unquote(address.path).lstrip("/")
    path = path / "index.html" if path.is_dir() else path
    if not path.is_file():
        return f"{link} leads to no file"
    anchor = unquote(address.fragment)
    if anchor and path.suffix == ".html" and anchor not in anchors(path):
        return f"{link} leads to no anchor"
    return ""


@functools.lru_cache(maxsize=256)
def anchors(path: Path) -> frozenset[str]:
    """Collect everything in a page that a link can lead to."""
    page = parse(path)
    return frozenset(str(tag.get("id") or tag.get("name")) for tag in page.select("[id], a[name]"))


def find_missing_head(path: Path, site: Path, address: str) -> list[str]:
    """Find what a page's head lacks for a browser's tab and for link previews."""
    head = parse(path).head
    if head is None or head.title is None or not head.title.get_text(strip=True):
        return ["no title"]
    faults = []
    for name in ("og:title", "og:type", "og:url", "og:description", "og:image", "og:image:alt"):
        tag = head.find("meta", attrs={"property": name})
        if tag is None or not str(tag.get("content", "")).strip():
            faults.append(f"no {name}")
    image = head.find("meta", attrs={"property": "og:image"})
    if image and not (site / str(image["content"]).removeprefix(address)).is_file():
        faults.append(f"og:image {image['content']} is not in the site")
    return faults
