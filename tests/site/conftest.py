"""A browser and the built site, once for all tests of this folder."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LAUNCH = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def find_browser() -> str | None:
    """Give the browser of this machine; one that is named must be there."""
    named = os.environ.get("SOUNDREASONS_BROWSER")
    if named and not shutil.which(named):
        raise FileNotFoundError(
            f"SOUNDREASONS_BROWSER is {named!r}, which is no program; "
            f"unset it to look for {', '.join(BROWSERS)}"
        )
    return named or next((path for name in BROWSERS if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = find_browser()
    if program is None:
        pytest.skip(
            f"no browser on this machine: none of {', '.join(BROWSERS)}, and SOUNDREASONS_BROWSER is unset"
        )
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=list(LAUNCH))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> Path:
    """The built site: the one that SOUNDREASONS_SITE names, or the smoke build of all chapters."""
    named = os.environ.get("SOUNDREASONS_SITE")
    folder = Path(named) if named else request.getfixturevalue("smoke_book") / "_build" / "html"
    if not (folder / "book" / "index.html").is_file():
        pytest.fail(f"{folder} holds no built site; set SOUNDREASONS_SITE to one, or unset it")
    return folder
