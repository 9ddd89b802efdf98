"""A data folder of its own for every test, a tiny registry with its own readers, a local server."""

from __future__ import annotations

import functools
import http.server
import shutil
import sys
import threading
import types
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from soundreasons import data
from soundreasons.data import registry
from soundreasons.data.files import open_decoded
from soundreasons.data.store import CACHE_VARIABLE, MIRROR_VARIABLE, Store

AMBIENT_CACHE = data.cache_folder()


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    """No test here sees or touches the user's own data folder or mirror."""
    folder = tmp_path / "data"
    monkeypatch.setenv(CACHE_VARIABLE, str(folder))
    monkeypatch.delenv(MIRROR_VARIABLE, raising=False)
    return folder


@pytest.fixture(scope="session")
def real(tmp_path_factory):
    """Open a real entry from what this machine has, or report it as not checkable here."""
    cache = tmp_path_factory.mktemp("real")
    store = Store(registry.load(), cache, data.mirror_folder())

    def opened(name):
        if not store.available(name) and (AMBIENT_CACHE / name / "files").is_dir():
            shutil.copytree(AMBIENT_CACHE / name, cache / name)
        if not store.available(name):
            pytest.skip(f"not checkable here: no source on this machine has {name}")
        return store.open(name)

    opened.store = store
    return opened


@dataclass(frozen=True)
class Plays:
    name: str
    plays: pd.DataFrame


def read_plays(folder):
    with open_decoded(folder.path("plays.csv")) as stream:
        return Plays(folder.name, pd.read_csv(stream, dtype={"artist": "str", "count": "int64"}))


def convert_upper(raw, target):
    with open_decoded(raw["raw.csv"]) as stream:
        (target / "plays.csv").write_bytes(stream.read().replace(b"nina", b"Nina"))


def generate(target, *, seed):
    counts = [seed, seed + 1, seed + 2]
    rows = "".join(f"{artist},{n}\n" for artist, n in zip(["Bach", "Nina", "Sun Ra"], counts, strict=True))
    (target / "plays.csv").write_text("artist,count\n" + rows)


def double(inputs, target):
    (plays,) = (record.plays for record in inputs.values())
    plays.assign(count=2 * plays["count"]).to_csv(target / "plays.csv", index=False)


@pytest.fixture(autouse=True)
def readers(monkeypatch):
    """Readers of the tiny registry, importable as `tiny_readers.tables`."""
    package, module = types.ModuleType("tiny_readers"), types.ModuleType("tiny_readers.tables")
    for function in (read_plays, convert_upper, generate, double):
        setattr(module, function.__name__, function)
    monkeypatch.setitem(sys.modules, "tiny_readers", package)
    monkeypatch.setitem(sys.modules, "tiny_readers.tables", module)
    return module


# Of the table Nina 3, Bach 1, Sun Ra 2, by the slow twin in test_canonical.py, written out.
PLAYS_DIGEST = "sha256:5691e6908d4fbc094314cb522d38e1032c65c284315b2183d16b986121cd4908"

HEAD = f"""
[plays]
title = "Plays of three artists"
kind = "real"
licence = "CC0-1.0"
citation = "nobody2000plays"
may_show = "everything"
version = "1"
reader = "tables.read_plays"
holds = ["plays.csv"]
tables.plays = {{ rows = 3, columns = ["artist", "count"], digest = "{PLAYS_DIGEST}" }}
"""


@pytest.fixture
def tiny(data_folder, tmp_path):
    """Make a store of one entry, `plays`, with the given sources (TOML)."""

    def make(sources, *, mirror=None, more=""):
        entries = registry.parse(HEAD + sources + more, origin="tiny.toml")
        return Store(entries, data_folder, mirror, readers="tiny_readers")

    make.head = HEAD
    return make


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        """Serve the folder; `cut/NAME` promises the whole file and breaks off in the middle."""
        if not self.path.startswith("/cut/"):
            return super().do_GET()
        content = (Path(self.directory) / self.path.removeprefix("/cut/")).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        return None


@pytest.fixture
def served(tmp_path):
    """A folder, and the local address at which its files are served."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
