"""Archives: named members, to a size known in advance, as plain files; nothing else."""

from __future__ import annotations

import hashlib
import io
import lzma
import stat
import tarfile
import zipfile

import pytest

from soundreasons.data import archives
from soundreasons.data.archives import unpack
from soundreasons.data.errors import DataError, SourceSkipped
from soundreasons.data.registry import Member

CONTENT = b"artist,count\nNina,3\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def make_zip(place, members):
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return place


def make_tar(place, members, *, mode="w:gz", link=None):
    with tarfile.open(place, mode) as bundle:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            bundle.addfile(info, io.BytesIO(content))
        if link:
            info = tarfile.TarInfo(link[0])
            info.type, info.linkname = link[2], link[1]
            bundle.addfile(info)
    return place


def make_deb(place, members):
    """An ar archive by hand (format: ar(5)): a header of 60 characters, even length."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as bundle:
        for name, content in members.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(content)
            bundle.addfile(info, io.BytesIO(content))
    parts = {
        "debian-binary": b"2.0\n",
        "control.tar.xz": b"odd",
        "data.tar.xz": lzma.compress(inner.getvalue()),
    }
    written = b"!<arch>\n"
    for name, content in parts.items():
        written += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        written += content + b"\n" * (len(content) % 2)
    place.write_bytes(written)
    return place


MAKERS = {"a.whl": make_zip, "a.tgz": make_tar, "a.deb": make_deb}
PINNED = {"plays.csv": Member(path="d/plays.csv", sha256=SHA256, size=len(CONTENT))}


@pytest.mark.parametrize("name", MAKERS)
def test_a_named_member_is_unpacked_and_nothing_else(tmp_path, name):
    archive = MAKERS[name](tmp_path / name, {"d/other.csv": b"x", "d/plays.csv": CONTENT, "e": b"y"})
    files = unpack(archive, PINNED, tmp_path / "out", entry="plays")
    assert files == {"plays.csv": tmp_path / "out" / "plays.csv"}
    assert files["plays.csv"].read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["plays.csv"]


@pytest.mark.parametrize("name", MAKERS)
def test_a_missing_member_is_told_by_name(tmp_path, name):
    archive = MAKERS[name](tmp_path / name, {"d/other.csv": b"x"})
    with pytest.raises(DataError, match=rf"plays: {name} has no member 'd/plays.csv'"):
        unpack(archive, PINNED, tmp_path / "out", entry="plays")


@pytest.mark.parametrize("name", MAKERS)
def test_a_truncated_archive_is_refused(tmp_path, name):
    archive = MAKERS[name](tmp_path / name, {"d/plays.csv": CONTENT * 1000, "z": bytes(5000)})
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    pin = {"plays.csv": Member(path="d/plays.csv", limit=10**6)}
    with pytest.raises(DataError, match=r"plays: .*(damaged|no member)"):
        unpack(archive, pin, tmp_path / "out", entry="plays")


@pytest.mark.parametrize("name", MAKERS)
def test_wrong_bytes_and_wrong_sizes_are_refused_with_found_and_expected(tmp_path, name):
    other = CONTENT.replace(b"3", b"4")
    archive = MAKERS[name](tmp_path / name, {"d/plays.csv": other})
    found = hashlib.sha256(other).hexdigest()
    with pytest.raises(DataError, match=rf"'d/plays.csv' has sha256 {found}, expected {SHA256}"):
        unpack(archive, PINNED, tmp_path / "out", entry="plays")
    longer = {"plays.csv": Member(path="d/plays.csv", size=len(CONTENT) + 1)}
    with pytest.raises(DataError, match=f"has {len(CONTENT)} bytes, expected {len(CONTENT) + 1}"):
        unpack(archive, longer, tmp_path / "more", entry="plays")


@pytest.mark.parametrize("name", MAKERS)
def test_a_bomb_is_stopped_at_the_announced_size(tmp_path, name):
    archive = MAKERS[name](tmp_path / name, {"d/plays.csv": bytes(50_000_000)})
    pin = {"plays.csv": Member(path="d/plays.csv", limit=1000)}
    with pytest.raises(DataError, match="holds more than 1000 bytes; refused"):
        unpack(archive, pin, tmp_path / "out", entry="plays")
    assert (tmp_path / "out" / "plays.csv").stat().st_size <= 1000


def test_a_member_that_climbs_out_is_never_asked_for(tmp_path):
    # The registry refuses such a path; an archive that also holds one loses it.
    archive = make_tar(tmp_path / "a.tgz", {"../evil": b"x", "/etc/evil": b"x", "d/plays.csv": CONTENT})
    unpack(archive, PINNED, tmp_path / "deep" / "out", entry="plays")
    assert not (tmp_path / "deep" / "evil").exists()
    with pytest.raises(ValueError, match="stays in its folder"):
        Member(path="../evil")
    with pytest.raises(ValueError, match="stays in its folder"):
        Member(path="/etc/evil")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_a_tar_member_that_is_no_plain_file_is_refused(tmp_path, kind):
    link = ("d/plays.csv", "/etc/hostname", kind)
    archive = make_tar(tmp_path / "a.tgz", {"d/other": CONTENT}, link=link)
    with pytest.raises(DataError, match=r"'d/plays\.csv' is no plain file"):
        unpack(archive, PINNED, tmp_path / "out", entry="plays")


def test_a_symlink_in_a_zip_is_refused(tmp_path):
    info = zipfile.ZipInfo("d/plays.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as bundle:
        bundle.writestr(info, "/etc/hostname")
    with pytest.raises(DataError, match=r"'d/plays\.csv' is no plain file"):
        unpack(tmp_path / "a.whl", PINNED, tmp_path / "out", entry="plays")


def test_a_deb_with_a_packing_python_lacks_needs_a_program(tmp_path, monkeypatch):
    archive = make_deb(tmp_path / "a.deb", {"d/plays.csv": CONTENT})
    archive.write_bytes(archive.read_bytes().replace(b"data.tar.xz ", b"data.tar.zst"))
    monkeypatch.setattr(archives.shutil, "which", lambda program: None)
    with pytest.raises(SourceSkipped, match="dpkg-deb is missing"):
        unpack(archive, PINNED, tmp_path / "out", entry="plays")


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    (tmp_path / "a.whl").write_bytes(b"<html>not found</html>")
    with pytest.raises(DataError, match=r"a\.whl is damaged"):
        unpack(tmp_path / "a.whl", PINNED, tmp_path / "out", entry="plays")
