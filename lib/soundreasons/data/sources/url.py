"""The publisher's address, through pooch."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlparse

import pooch
import requests
from urllib3.exceptions import HTTPError

from soundreasons.data.archives import expect, unpack
from soundreasons.data.errors import DataError
from soundreasons.data.files import fingerprint
from soundreasons.data.registry import UNVERIFIED, Entry, Member, UrlSource

CONNECT_SECONDS, SILENCE_SECONDS = 10, 60


def download(entry: Entry, source: UrlSource, folder: Path) -> dict[str, Path]:
    """Download the archive and unpack its members, or download file by file."""
    folder.mkdir(parents=True, exist_ok=True)
    if source.archive is None:
        return {name: _one_file(entry, source, name, folder) for name in source.addresses}
    place = folder / (PurePosixPath(urlparse(source.archive).path).name or "archive")
    pin = Member(path=place.name, sha256=None if source.sha256 == UNVERIFIED else source.sha256)
    expect(pin, *_download(source.archive, place, source.limit), f"{entry.name}: {source.archive}")
    files = unpack(place, entry.members_of(source), folder / "members", entry=entry.name)
    place.unlink()
    return files


def _one_file(entry: Entry, source: UrlSource, name: str, folder: Path) -> Path:
    address = source.addresses[name]
    place = folder / "members" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    found = _download(address, place, source.limit)
    pins = {**entry.files, **source.files}
    if name in pins and not source.convert:
        pin = Member(path=name, sha256=pins[name].sha256, size=pins[name].size)
        expect(pin, *found, f"{entry.name}: {address}")
    return place


class _TooLarge(Exception):
    pass


class _LimitedFile:
    """A file that refuses more bytes than announced, so that no answer fills the disk."""

    def __init__(self, stream: Any, limit: int) -> None:
        self._stream, self._left = stream, limit

    def write(self, block: bytes) -> int:
        self._left -= len(block)
        if self._left < 0:
            raise _TooLarge
        return int(self._stream.write(block))

    def flush(self) -> None:
        self._stream.flush()


def _download(address: str, place: Path, limit: int) -> tuple[str, int]:
    """Download to `place` (in a folder that is thrown away on failure); return sha256 and size."""
    downloader = pooch.HTTPDownloader(timeout=(CONNECT_SECONDS, SILENCE_SECONDS))
    try:
        with place.open("xb") as stream:
            downloader(address, _LimitedFile(stream, limit), None)
    except _TooLarge as error:
        raise DataError(f"{address} sends more than {limit} bytes; refused") from error
    except (requests.RequestException, HTTPError) as error:
        raise DataError(f"{address} does not answer as it should ({_cause(error)})") from error
    return fingerprint(place)


def _cause(error: Exception) -> str:
    response = getattr(error, "response", None)
    if response is not None:
        return f"status {response.status_code}"
    if isinstance(error, requests.ConnectionError) and "IncompleteRead" not in str(error):
        return "no connection"
    return f"{type(error).__name__}: {str(error)[:120]}"
