"""Cache, mirror, stamps: what is kept, what is refused, what is found again."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from soundreasons import data
from soundreasons.data import checking, commands
from soundreasons.data.errors import DataError, DataUnavailable, FetchError

PLAYS = b"artist,count\nNina,3\nBach,1\nSun Ra,2\n"
MIRROR = '[[plays.sources]]\nkind = "mirror"\nfolder = "somewhere"\n'
GENERATED = '[[plays.sources]]\nkind = "generated"\nfunction = "tables.generate"\nseed = 1\n'
PLACED = (
    '[[plays.sources]]\nkind = "placed"\nobtain = "Ask nobody2000 for it."\n'
    'convert = "tables.convert_upper"\nmembers."raw.csv" = "raw.csv"\n'
)
# nina is the raw spelling; the convert function of the tiny registry mends it
RAW = PLAYS.replace(b"Nina", b"nina")


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / "mirror" / "somewhere"
    folder.mkdir(parents=True)
    (folder / "plays.csv").write_bytes(PLAYS)
    return tmp_path / "mirror"


@pytest.fixture
def cached(tiny, data_folder):
    """A store whose cache holds a good copy that came from a person's hand."""
    placed = data_folder / "placed" / "plays"
    placed.mkdir(parents=True)
    (placed / "raw.csv").write_bytes(RAW)
    store = tiny(PLACED)
    store.open("plays")
    return store


# -- mirror ---------------------------------------------------------------------------------------


def test_a_mirror_is_read_where_it_is(tiny, mirror):
    store = tiny(MIRROR, mirror=mirror)
    assert store.open("plays").plays["count"].tolist() == [3, 1, 2]
    assert store.opened["plays"]["source"] == "mirror"
    assert not (store.cache / "plays").exists()


def test_a_mirror_with_a_gzip_copy_will_do(tiny, mirror):
    (mirror / "somewhere" / "plays.csv").unlink()
    (mirror / "somewhere" / "plays.csv.gz").write_bytes(gzip.compress(PLAYS))
    assert tiny(MIRROR, mirror=mirror).open("plays").plays["count"].sum() == 6


def test_no_mirror_is_ever_looked_for(tiny, mirror):
    store = tiny(MIRROR)
    assert not store.available("plays")
    with pytest.raises(DataUnavailable, match=r"(?s)\(SOUNDREASONS_MIRROR is not set\).*data fetch plays"):
        store.open("plays")


def test_the_environment_names_the_folders_or_nothing_does(monkeypatch, tmp_path):
    assert data.mirror_folder() is None
    monkeypatch.setenv("SOUNDREASONS_MIRROR", str(tmp_path / "m"))
    assert data.mirror_folder() == tmp_path / "m"
    monkeypatch.delenv("SOUNDREASONS_DATA")
    assert data.cache_folder().name == "soundreasons"


@pytest.mark.parametrize("packed", [True, False])
def test_a_pinned_file_is_known_by_its_bytes_even_if_a_copy_is_compressed(tiny, mirror, packed):
    place = mirror / "somewhere" / "plays.csv"
    sha256 = hashlib.sha256(PLAYS).hexdigest()
    pin = f'files."plays.csv" = {{ sha256 = "{sha256}", size = {len(PLAYS)} }}\n'
    store = tiny(pin + MIRROR, mirror=mirror)
    for content, good in ((PLAYS, True), (PLAYS + b"\n", False)):
        place.unlink(missing_ok=True)
        where = place.with_name("plays.csv.gz") if packed else place
        where.write_bytes(gzip.compress(content) if packed else content)
        if good:
            assert store.open("plays").plays["count"].sum() == 6
        else:
            with pytest.raises(
                DataError, match=rf"has {len(PLAYS) + 1} bytes .* expected {len(PLAYS)} bytes"
            ):
                store.open("plays")


def test_a_mirror_that_is_no_folder_is_told(tiny, tmp_path):
    with pytest.raises(DataUnavailable, match="nowhere is no folder"):
        tiny(MIRROR, mirror=tmp_path / "nowhere").open("plays")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (PLAYS.replace(b"Bach,1", b"Bach,2"), "at least one cell differs"),
        (PLAYS + b"Bach,1\n", "has 4 rows, expected 3"),
        (gzip.compress(PLAYS, mtime=0)[:20], "cannot be read"),
        (b"", "cannot be read"),
    ],
)
def test_a_wrong_copy_in_a_mirror_is_refused_by_name(tiny, mirror, content, told):
    (mirror / "somewhere" / "plays.csv").write_bytes(content)
    store = tiny(MIRROR, mirror=mirror)
    with pytest.raises(DataError, match=f"plays: .*{told}.*soundreasons data fetch plays"):
        store.open("plays")
    with pytest.raises(FetchError, match=told):
        commands.fetch(store)
    assert list(store.cache.rglob("plays.csv")) == []
    assert store.opened == {}


# -- cache and stamps -----------------------------------------------------------------------------


def test_what_was_opened_is_told(cached):
    facts = cached.opened["plays"]
    assert facts["digest"] == cached.entry("plays").accepted_digests["1"]
    assert (facts["kind"], facts["source"], facts["version"]) == ("real", "placed", "1")
    assert facts["entry"] == cached.entry("plays").digest


@pytest.mark.parametrize("damage", ["cell", "cut"])
def test_a_damaged_copy_in_the_cache_is_refused_and_fetched_anew(cached, damage):
    place = cached.cache / "plays" / "files" / "plays.csv"
    place.write_bytes(PLAYS.replace(b"3", b"4") if damage == "cell" else PLAYS[:-10])
    with pytest.raises(DataError, match=r"^plays: "):
        cached.open("plays")
    with pytest.raises(FetchError, match="plays: "):
        commands.verify(cached)
    (row,) = commands.fetch(cached)
    assert row["status"] == "fetched"
    assert cached.open("plays").plays["count"].tolist() == [3, 1, 2]


def test_a_copy_that_lost_a_file_is_not_here_and_is_obtained_anew(cached):
    (cached.cache / "plays" / "files" / "plays.csv").unlink()
    raw = cached.cache / "placed" / "plays" / "raw.csv"
    kept = raw.read_bytes()
    raw.unlink()
    assert not cached.available("plays")
    raw.write_bytes(kept)
    assert cached.open("plays").plays["count"].tolist() == [3, 1, 2]


def test_a_damaged_copy_that_nothing_can_replace_is_not_kept(cached):
    (cached.cache / "plays" / "files" / "plays.csv").write_bytes(PLAYS[:-10])
    (cached.cache / "placed" / "plays" / "raw.csv").unlink()
    with pytest.raises(FetchError, match=r"Ask nobody2000 for it"):
        commands.fetch(cached)
    assert not cached.available("plays")
    assert list(cached.cache.rglob("plays.csv")) == []


def test_a_good_mirror_takes_the_place_of_a_damaged_copy(cached, tiny, mirror):
    (cached.cache / "plays" / "files" / "plays.csv").write_bytes(PLAYS[:-10])
    store = tiny(MIRROR, mirror=mirror)
    with pytest.raises(DataError, match=r"^plays: "):
        store.open("plays")
    (row,) = commands.fetch(store)
    assert (row["status"], row["source"]) == ("present", "mirror")
    assert store.open("plays").plays["count"].sum() == 6


def test_what_another_process_has_just_made_is_not_made_twice(cached, readers, monkeypatch):
    monkeypatch.setattr(readers, "convert_upper", lambda raw, target: pytest.fail("converted twice"))
    entry = cached.entry("plays")
    assert cached.install(entry, entry.sources[0], again=False).folder.source == "placed"


def test_a_changed_byte_with_an_old_time_is_caught_by_verify(cached):
    place = cached.cache / "plays" / "files" / "plays.csv"
    before = place.stat()
    place.write_bytes(PLAYS.replace(b"3", b"4"))
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(FetchError, match="at least one cell differs"):
        commands.verify(cached)
    with pytest.raises(DataError, match="at least one cell differs"):
        cached.verify("plays")


def test_a_stamp_spares_the_digest_until_size_or_time_change(cached, monkeypatch):
    calls = []
    digest = checking.table_digest
    monkeypatch.setattr(checking, "table_digest", lambda frame: calls.append(1) or digest(frame))
    cached.open("plays")
    assert calls == []
    os.utime(cached.cache / "plays" / "files" / "plays.csv")
    cached.open("plays")
    cached.open("plays")
    assert calls == [1]


def test_a_stamp_of_another_declaration_does_not_count(cached, tiny):
    other = tiny(PLACED.replace("nobody2000", "somebody2001")).entries["plays"]
    changed = other.model_copy(update={"version": "2"})
    cached.entries = {"plays": changed}
    assert cached.known(changed) is None


def test_a_torn_stamp_is_ignored(cached):
    for stamp in (cached.cache / ".stamps").iterdir():
        stamp.write_text("{")
    assert cached.open("plays").plays["count"].sum() == 6
    assert all(json.loads(stamp.read_text()) for stamp in (cached.cache / ".stamps").iterdir())


def test_an_unwritable_data_folder_is_told_and_a_mirror_still_opens(tiny, mirror, tmp_path):
    # A file where the folder should be: not even root can write there.
    (tmp_path / "occupied").write_text("")
    store = tiny(MIRROR + GENERATED, mirror=mirror)
    store.cache = tmp_path / "occupied" / "data"
    assert store.open("plays").plays["count"].sum() == 6
    store.mirror = None
    with pytest.raises(DataError, match=r"plays: the data folder .* cannot be written .*SOUNDREASONS_DATA"):
        store.open("plays")


def test_a_process_killed_half_way_leaves_nothing_that_counts(tiny, data_folder, served, tmp_path):
    folder, address = served
    (folder / "plays.csv").write_bytes(PLAYS)
    script = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from soundreasons.data import registry
        from soundreasons.data.store import Store
        entries = registry.parse(Path({str(tmp_path / "tiny.toml")!r}).read_text())
        store = Store(entries, Path({str(data_folder)!r}))
        with store._workplace(entries["plays"]) as work:
            (work / "raw").mkdir()
            (work / "raw" / "plays.csv").write_bytes(b"artist,co")
            print("half", flush=True)
            time.sleep(60)
    """)
    source = f'[[plays.sources]]\nkind = "url"\naddresses."plays.csv" = "{address}/plays.csv"\n'
    (tmp_path / "tiny.toml").write_text(tiny.head + source)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "half\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    store = tiny(source)
    assert list((data_folder / ".partial").glob("plays-*/raw/plays.csv"))
    assert not store.available("plays")
    start = time.monotonic()
    (row,) = commands.fetch(store)
    assert row["status"] == "fetched"
    assert time.monotonic() - start < 30, "the dead process still holds the lock"
    assert list((data_folder / ".partial").glob("plays-*")) == []


# -- placed, generated, built, package --------------------------------------------------------------


def test_a_file_that_is_to_be_placed_says_where(tiny, data_folder):
    told = rf"Ask nobody2000 for it\. Put raw\.csv into {data_folder / 'placed' / 'plays'}"
    store = tiny(PLACED)
    with pytest.raises(DataUnavailable, match=told):
        store.open("plays")
    with pytest.raises(FetchError, match=told):
        commands.fetch(store)


def test_a_placed_file_is_converted_once(cached, readers, monkeypatch):
    monkeypatch.setattr(readers, "convert_upper", lambda raw, target: pytest.fail("converted twice"))
    assert "Nina" in cached.open("plays").plays["artist"].tolist()


def test_a_converter_that_fails_is_told_with_the_file(tiny, data_folder, readers, monkeypatch):
    def broken(raw, target):
        raise KeyError("artist")

    monkeypatch.setattr(readers, "convert_upper", broken)
    (data_folder / "placed" / "plays").mkdir(parents=True)
    (data_folder / "placed" / "plays" / "raw.csv").write_bytes(RAW)
    with pytest.raises(DataError, match=r"plays: .*raw\.csv cannot be read \(KeyError: 'artist'\)"):
        tiny(PLACED).open("plays")


def test_generated_data_is_made_on_opening_and_checked(tiny):
    store = tiny(GENERATED)
    # seed 1 gives Bach 1, Nina 2, Sun Ra 3: not the declared table
    with pytest.raises(DataError, match="at least one cell differs"):
        store.open("plays")
    assert not (store.cache / "plays").exists()
    pinned = tiny(GENERATED).entries["plays"].tables["plays"].model_copy(update={"digest": "unverified"})
    entry = store.entries["plays"].model_copy(update={"tables": {"plays": pinned}, "kind": "generated"})
    store.entries = {"plays": entry}
    assert store.open("plays").plays["count"].tolist() == [1, 2, 3]
    assert store.opened["plays"]["kind"] == "generated"


BUILT = """
[twice]
title = "Twice the plays"
kind = "built"
licence = "CC0-1.0"
citation = "nobody2000plays"
may_show = "everything"
version = "1"
reader = "tables.read_plays"
holds = ["plays.csv"]
tables.plays = { rows = 3, columns = ["artist", "count"], digest = "unverified" }
[[twice.sources]]
kind = "built"
inputs = ["plays"]
function = "tables.double"
"""


def test_built_data_is_made_of_its_inputs(tiny, mirror):
    store = tiny(MIRROR, mirror=mirror, more=BUILT)
    assert store.available("twice")
    assert store.open("twice").plays["count"].tolist() == [6, 2, 4]
    assert {"plays", "twice"} <= set(store.opened)


def test_built_data_without_its_inputs_says_which_are_missing(tiny):
    store = tiny(MIRROR, more=BUILT)
    assert not store.available("twice")
    with pytest.raises(DataUnavailable, match="built from plays, which is not here"):
        store.open("twice")


def test_fetching_what_is_built_fetches_its_inputs(tiny, served):
    folder, address = served
    (folder / "plays.csv").write_bytes(PLAYS)
    source = f'[[plays.sources]]\nkind = "url"\naddresses."plays.csv" = "{address}/plays.csv"\n'
    store = tiny(source, more=BUILT)
    (row,) = commands.fetch(store, ["twice"])
    assert row["status"] == "fetched"
    assert store.open("twice").plays["count"].sum() == 12


def test_what_ships_with_the_library_needs_nothing_and_leaves_no_trace(data_folder):
    assert len(data.open("gm_programs").programs) == 128
    assert not data_folder.exists()


# -- several at once, export, rows ------------------------------------------------------------------


def test_a_fetch_of_several_goes_on_after_one_fails_and_tells_all(tiny, mirror):
    broken = BUILT.replace("[twice]", "[other]").replace("twice.", "other.").replace("double", "no_such")
    store = tiny(MIRROR, mirror=mirror, more=BUILT + broken)
    with pytest.raises(FetchError, match="1 of 3 entries failed:\n- other: ") as caught:
        commands.fetch(store, ["other", "plays", "twice"])
    assert [row["status"] for row in caught.value.rows] == ["absent", "present", "fetched"]
    rows = commands.fetch(store, ["other", "plays"], strict=False)
    assert [row["status"] for row in rows] == ["absent", "present"]
    assert "no_such" in rows[0]["message"]


def test_an_unknown_name_does_not_stop_the_others(tiny, mirror):
    rows = commands.fetch(tiny(MIRROR, mirror=mirror), ["playz", "plays"], strict=False)
    assert [row["status"] for row in rows] == ["refused", "present"]
    assert "did you mean plays" in rows[0]["message"]


@pytest.mark.parametrize("packed", [True, False])
def test_what_is_exported_works_as_a_mirror(tiny, mirror, tmp_path, packed):
    if packed:
        (mirror / "somewhere" / "plays.csv").unlink()
        (mirror / "somewhere" / "plays.csv.gz").write_bytes(gzip.compress(PLAYS))
    source = tiny(MIRROR, mirror=mirror, more=BUILT)
    source.open("twice")
    rows = commands.export(source, tmp_path / "class")
    assert [(row["name"], row["status"]) for row in rows] == [("plays", "exported"), ("twice", "exported")]
    assert "Plays of three artists\tCC0-1.0" in (tmp_path / "class" / "LICENCES.tsv").read_text()
    # On a pupil's machine: no source of its own, an empty cache, only the exported folder.
    unreachable = '[[plays.sources]]\nkind = "url"\naddresses."plays.csv" = "http://127.0.0.1:9/x"\n'
    pupil = tiny(unreachable, mirror=tmp_path / "class", more=BUILT)
    pupil.cache = tmp_path / "pupil"
    assert pupil.open("plays").plays["count"].tolist() == [3, 1, 2]
    assert pupil.open("twice").plays["count"].tolist() == [6, 2, 4]
    assert pupil.opened["plays"]["digest"] == source.opened["plays"]["digest"]
    assert pupil.opened["twice"]["source"] == "mirror"
    assert [row["status"] for row in commands.fetch(pupil)] == ["present", "present"]


def test_a_wrong_copy_is_not_exported(cached, tmp_path):
    (cached.cache / "plays" / "files" / "plays.csv").write_bytes(PLAYS[:-4])
    with pytest.raises(FetchError, match="plays: "):
        commands.export(cached, tmp_path / "class")
    assert not (tmp_path / "class" / "plays").exists()


def test_an_export_folder_that_cannot_be_made_is_told(cached, tmp_path):
    (tmp_path / "occupied").write_text("")
    with pytest.raises(DataError, match=r"the export folder .* cannot be made"):
        commands.export(cached, tmp_path / "occupied" / "class")


def test_real_entries_go_out_and_come_back(real, tmp_path, monkeypatch):
    names = ["hetrec_lastfm", "gm_programs", "game_music_embeddings"]
    real("hetrec_lastfm")
    commands.export(real.store, tmp_path / "class", names)
    monkeypatch.setenv("SOUNDREASONS_MIRROR", str(tmp_path / "class"))
    monkeypatch.setenv("SOUNDREASONS_DATA", str(tmp_path / "pupil"))
    assert len(data.open("hetrec_lastfm").listens) == 92_834
    assert data.opened()["hetrec_lastfm"]["digest"] in data.entry("hetrec_lastfm").accepted_digests.values()


def test_rows_of_listing_and_where_are_plain(tiny, mirror):
    store = tiny(MIRROR, mirror=mirror, more=BUILT)
    first, second = commands.listing(store)
    assert (first["name"], first["here"], first["place"], first["bytes"]) == (
        "plays",
        True,
        "mirror",
        len(PLAYS),
    )
    assert (second["name"], second["here"], second["place"]) == ("twice", True, "")
    assert json.loads(json.dumps([first, second])) == [first, second]
    (row,) = commands.where(store)
    assert row["path"] == str(mirror / "somewhere" / "plays.csv")


def test_importing_the_data_floor_loads_no_reader_and_no_source():
    code = "import sys; from soundreasons import data; data.names(); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "soundreasons.data.store" in loaded
    assert [
        m for m in loaded if m.startswith(("soundreasons.data.readers.", "soundreasons.data.sources."))
    ] == []
