"""Sphinx extension: where the site will live.

Link previews, the sitemap and the page for wrong addresses need the site's address, which
a clone cannot know. It is taken from the environment variable ``SOUNDREASONS_SITE_URL`` (the
publishing workflow sets it); without it the site is built for a server on this machine.
"""

import os
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config

LOCAL_ADDRESS = "http://localhost:8000/"


def site_address(given: str) -> str:
    """Check the site's address and end it with a slash.

    Parameters
    ----------
    given : str
        What ``SOUNDREASONS_SITE_URL`` holds; empty for a site read on this machine.

    Returns
    -------
    str
        The address, with a slash at its end.

    Raises
    ------
    ValueError
        If it does not start with ``http://`` or ``https://`` and a host, or holds a query or fragment.

    Examples
    --------
    >>> site_address("https://books.example.org/sound-reasons")
    'https://books.example.org/sound-reasons/'
    >>> site_address("")
    'http://localhost:8000/'
    """
    if not given:
        return LOCAL_ADDRESS
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            f"SOUNDREASONS_SITE_URL is {given!r}, expected an address such as "
            "https://books.example.org/sound-reasons/; unset it for a site read on this machine"
        )
    return given.rstrip("/") + "/"


def repository_address(given: str) -> str:
    """Check the address of the repository that the site's sources are shown in; empty where there is none.

    Parameters
    ----------
    given : str
        What ``SOUNDREASONS_REPOSITORY_URL`` holds: a repository's first page on GitHub or a server with
        addresses of the same shape (``/blob/<commit>/<file>#L<line>``).

    Raises
    ------
    ValueError
        If it does not start with ``http://`` or ``https://`` and a host, or holds a query or fragment.

    Examples
    --------
    >>> repository_address("https://git.example.org/us/book/")
    'https://git.example.org/us/book'
    """
    if not given:
        return ""
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            f"SOUNDREASONS_REPOSITORY_URL is {given!r}, expected an address such as "
            "https://git.example.org/us/book; unset it for a site without links to its sources"
        )
    return given.rstrip("/")


def source_address(file: str, line: int, end: int, commit: str) -> str:
    """Where some lines of the library can be read as they ran; empty if no repository is configured.

    Parameters
    ----------
    file : str
        Seen from the folder that holds the package.
    line, end : int
        First and last line.
    commit : str
        Commit of the run; with "+" at its end the files differed from it, so no line of it is named.
    """
    repository = repository_address(os.environ.get("SOUNDREASONS_REPOSITORY_URL", ""))
    if not repository:
        return ""
    lines = f"#L{line}-L{end}" if commit and not commit.endswith("+") else ""
    return f"{repository}/blob/{commit.removesuffix('+') or 'HEAD'}/lib/{file}{lines}"


def apply_address(app: Sphinx, config: Config) -> None:
    """Give the address to everything that needs it."""
    address = site_address(os.environ.get("SOUNDREASONS_SITE_URL", ""))
    config["html_baseurl"] = address
    config["ogp_site_url"] = address
    config["notfound_urls_prefix"] = urlsplit(address).path


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.connect("config-inited", apply_address)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
