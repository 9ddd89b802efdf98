"""The registry: every data set, model and asset declared once, in `registry.toml`.

An entry says what a thing is (title, licence, citation), where it may come from (sources, in
order) and what it must be (files by sha256 and size, tables by counts and canonical digest).
The models below are strict: a misspelt field is an error that names the entry and the field.
"""

from __future__ import annotations

import csv
import hashlib
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import urlparse

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from soundreasons.data.errors import DataError, RegistryError

HERE = Path(__file__).parent
REGISTRY = HERE / "registry.toml"
UNVERIFIED = "unverified"

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64}|unverified)$")]
# `module.function` in the readers package.
Function = Annotated[str, Field(pattern=r"^[a-z_0-9]+\.[a-z_0-9]+$")]
Kind = Literal["real", "pretrained model", "generated", "built", "ours", "asset"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _must_stay_inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or ":" in parts[0]:
        raise ValueError(f"{path!r} must be a relative path that stays in its folder")
    return path


class FilePin(_Strict):
    """What a file must be: the bytes after undoing a `.gz` that a copy may have added."""

    sha256: Sha256
    size: int = Field(ge=0)


class TablePin(_Strict):
    """What a table of the record must be.

    `digest = "unverified"` where nobody here has seen the bytes: then only the columns and, where
    the publisher tells it, the number of rows are checked.
    """

    rows: int | None = Field(default=None, ge=0)
    columns: list[str] = Field(min_length=1)
    digest: Digest

    @model_validator(mode="after")
    def _digest_needs_rows(self) -> TablePin:
        if self.rows is None and self.digest != UNVERIFIED:
            raise ValueError("rows: must be given beside a digest")
        return self


class Member(_Strict):
    """One file inside an archive or folder: its path there and how large it may get.

    Without a member of its own, a file is looked for under its name behind the source's `prefix`.
    """

    path: str
    sha256: Sha256 | None = None
    size: int | None = Field(default=None, ge=0)
    limit: int | None = Field(default=None, gt=0)

    _inside = field_validator("path")(_must_stay_inside)


class _Source(_Strict):
    version: str | None = None
    download_size: int | None = Field(default=None, gt=0)  # bytes that travel, for the data page
    prefix: str = ""
    members: dict[str, Member] = {}
    files: dict[str, FilePin] = {}
    convert: Function | None = None

    @field_validator("members", mode="before")
    @classmethod
    def _path_alone_is_a_member(cls, members: Any) -> Any:
        if not isinstance(members, dict):
            return members
        return {key: {"path": m} if isinstance(m, str) else m for key, m in members.items()}

    @field_validator("members", "files")
    @classmethod
    def _names_stay_inside(cls, named: dict[str, Any]) -> dict[str, Any]:
        for name in named:
            _must_stay_inside(name)
        return named

    @property
    def label(self) -> str:
        """Name of the source for readers and messages."""
        return str(getattr(self, "kind", ""))


class MirrorSource(_Source):
    """A folder below `SOUNDREASONS_MIRROR`, beside the one named like the entry."""

    kind: Literal["mirror"]
    folder: str

    _inside = field_validator("folder")(_must_stay_inside)


class PypiSource(_Source):
    """A pinned wheel; `platform`, `python` and `abi` where the wheel is made for one system."""

    kind: Literal["pypi"]
    package: str
    release: str
    sha256: Sha256
    platform: str | None = None
    python: str | None = None
    abi: str | None = None

    @property
    def label(self) -> str:
        return f"pypi {self.package} {self.release}"


class NpmSource(_Source):
    """A pinned npm package."""

    kind: Literal["npm"]
    package: str
    release: str
    sha256: Sha256

    @property
    def label(self) -> str:
        return f"npm {self.package} {self.release}"


class DebianSource(_Source):
    """A Debian package; rebuilt now and then, so its members are pinned rather than itself."""

    kind: Literal["debian"]
    package: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.+-]+$")]
    sha256: Sha256 | None = None

    @property
    def label(self) -> str:
        return f"debian {self.package}"


class UrlSource(_Source):
    """The publisher's address: one `archive` with members, or one `address` a file."""

    kind: Literal["url"]
    archive: str | None = None
    addresses: dict[str, str] = {}
    sha256: Sha256 | Literal["unverified"] = UNVERIFIED
    limit: int = Field(default=1 << 30, gt=0)

    @model_validator(mode="after")
    def _archive_or_addresses(self) -> UrlSource:
        if bool(self.archive) == bool(self.addresses):
            raise ValueError("give either `archive` (with members) or `addresses` (one a file)")
        for address in [self.archive or "", *self.addresses.values()]:
            if address and not address.startswith(("https://", "http://")):
                raise ValueError(f"{address!r} is not an http address")
        return self

    @property
    def label(self) -> str:
        return f"url {urlparse(self.archive or next(iter(self.addresses.values()))).netloc}"


class PackageSource(_Source):
    """Files that ship with this library, in `tables/`."""

    kind: Literal["package"]
    folder: str

    _inside = field_validator("folder")(_must_stay_inside)


class BuiltSource(_Source):
    """Our own join or conversion of other entries."""

    kind: Literal["built"]
    inputs: list[Name] = Field(min_length=1)
    function: Function


class GeneratedSource(_Source):
    """Our own generator, seeded."""

    kind: Literal["generated"]
    function: Function
    seed: int = Field(ge=0)


class PlacedSource(_Source):
    """Files that a person puts into the data folder, because the terms allow nothing else."""

    kind: Literal["placed"]
    obtain: str = Field(min_length=10)


Source = Annotated[
    MirrorSource
    | PypiSource
    | NpmSource
    | DebianSource
    | UrlSource
    | PackageSource
    | BuiltSource
    | GeneratedSource
    | PlacedSource,
    Field(discriminator="kind"),
]


class Entry(_Strict):
    """One data set, model or asset.

    `files` are the files that the reader gets, by name: pinned where the bytes are known, else
    listed in `holds`. `tables` are attributes of the record that the reader returns.
    """

    name: Name
    title: str = Field(min_length=3)
    kind: Kind
    licence: str = Field(min_length=2)
    citation: Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9:_-]*$")]
    may_show: str = Field(min_length=3)
    version: str = Field(min_length=1)
    scale: Literal["laptop", "paper"] = "laptop"
    used_by: list[Name] = []
    stand_in: Name | None = None
    reader: Function
    holds: list[str] = []
    files: dict[str, FilePin] = {}
    tables: dict[Name, TablePin] = {}
    sources: list[Source] = Field(min_length=1)

    @field_validator("files", mode="before")
    @classmethod
    def _manifest(cls, files: Any) -> Any:
        return read_manifest(HERE / files) if isinstance(files, str) else files

    @field_validator("files", "holds")
    @classmethod
    def _names_stay_inside(cls, named: Any) -> Any:
        for name in named:
            _must_stay_inside(name)
        return named

    @model_validator(mode="after")
    def _must_be_checkable(self) -> Entry:
        if not self.files and not self.tables:
            raise ValueError("files or tables: at least one must say what the data must be")
        if not self.file_names:
            raise ValueError("holds: the names of the files that the reader gets are missing")
        for position, source in enumerate(self.sources):
            self._check_source(source, f"sources[{position}] ({source.kind})")
        return self

    def _check_source(self, source: _Source, where: str) -> None:
        strangers = set(source.files) - set(self.file_names)
        if strangers:
            raise ValueError(f"{where}.files: {sorted(strangers)} are not files of this entry")
        if not source.convert:
            strangers = set(source.members) - set(self.file_names)
            if strangers:
                raise ValueError(f"{where}.members: {sorted(strangers)} are not files of this entry")
        elif not source.members and not isinstance(source, UrlSource):
            raise ValueError(f"{where}.members: `convert` needs the names of what it converts")
        if isinstance(source, PypiSource | NpmSource | DebianSource | UrlSource):
            self._check_sizes(source, where)

    def _check_sizes(self, source: _Source, where: str) -> None:
        if isinstance(source, UrlSource) and source.addresses:
            return
        for name, member in self.members_of(source).items():
            if member.size is None and member.limit is None:
                raise ValueError(f"{where}.members.{name}: `size` or `limit` must be known in advance")
            if member.sha256 is None and source.convert and not self.tables:
                raise ValueError(f"{where}.members.{name}: sha256 is missing")

    @property
    def file_names(self) -> list[str]:
        """Names of the files that the reader gets."""
        return list(dict.fromkeys([*self.files, *self.holds]))

    def members_of(self, source: _Source) -> dict[str, Member]:
        """Return what to take out of a source, each with the pins that are known for it."""
        if source.convert:
            return dict(source.members)
        pins = {**self.files, **source.files}
        usual = {name: Member(path=source.prefix + name) for name in self.file_names}
        named = {**usual, **source.members}
        return {name: _with_pin(member, pins.get(name)) for name, member in named.items()}

    @property
    def variants(self) -> dict[str, dict[str, FilePin]]:
        """Every edition that is accepted: version and pins of its files."""
        editions = {self.version: dict(self.files)}
        for source in self.sources:
            if source.files and source.version:
                editions.setdefault(source.version, {**self.files, **source.files})
        return editions

    @property
    def is_verified(self) -> bool:
        """Whether what the data must be is known to the last cell, not only in number."""
        return all(pin.digest != UNVERIFIED for pin in self.tables.values())

    @property
    def accepted_digests(self) -> dict[str, str]:
        """What `opened` reports of a good copy, by edition; empty while a digest is unverified."""
        if not self.is_verified:
            return {}
        tables = {name: pin.digest for name, pin in self.tables.items()}
        return {version: content_digest(pins, tables) for version, pins in self.variants.items()}

    @property
    def digest(self) -> str:
        """Fingerprint of this declaration: changes when what is read, or how, is declared anew."""
        said = self.model_dump_json(include={"name", "version", "reader", "holds", "files", "tables"})
        return f"sha256:{hashlib.sha256(said.encode()).hexdigest()}"


def content_digest(files: Mapping[str, FilePin], tables: Mapping[str, str]) -> str:
    """Digest what an entry holds: pinned files by their sha256, tables by their digest."""
    said = [f"file {name} {pin.sha256}" for name, pin in files.items()]
    said += [f"table {name} {digest}" for name, digest in tables.items()]
    return f"sha256:{hashlib.sha256(chr(10).join(sorted(said)).encode()).hexdigest()}"


def _with_pin(member: Member, pin: FilePin | None) -> Member:
    return Member(
        path=member.path,
        sha256=member.sha256 or (pin.sha256 if pin else None),
        size=member.size if member.size is not None else (pin.size if pin else None),
        limit=member.limit,
    )


def read_manifest(path: Path) -> dict[str, dict[str, Any]]:
    """Read a list of many files: CSV with the columns name, size (bytes) and sha256."""
    if not path.is_file():
        raise ValueError(f"the manifest {path.name} does not exist beside the registry")
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {row["name"]: {"size": int(row["size"]), "sha256": row["sha256"]} for row in rows}


def parse(text: str, *, origin: str = "registry.toml") -> dict[str, Entry]:
    """Read a registry from TOML text.

    Raises
    ------
    RegistryError
        If the text is no TOML, or an entry breaks the schema: names entry, field and fault.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RegistryError(f"{origin} is not valid TOML: {error}") from error
    entries = {name: _entry(name, fields, origin) for name, fields in document.items()}
    for entry in entries.values():
        _check_references(entry, entries, origin)
    return entries


def _entry(name: str, fields: Any, origin: str) -> Entry:
    if not isinstance(fields, Mapping):
        raise RegistryError(f"{origin}: {name} is {fields!r}, expected a table [{name}]")
    try:
        return Entry.model_validate({**fields, "name": name})
    except ValidationError as error:
        faults = "; ".join(
            f"field {'.'.join(map(str, fault['loc'])) or '(whole entry)'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise RegistryError(f"{origin}: entry {name}: {faults}") from error


def _check_references(entry: Entry, entries: Mapping[str, Entry], origin: str) -> None:
    named = [entry.stand_in] if entry.stand_in else []
    for source in entry.sources:
        named += source.inputs if isinstance(source, BuiltSource) else []
    for other in named:
        if other not in entries:
            raise RegistryError(f"{origin}: entry {entry.name} names {other!r}, which is not in the registry")


@lru_cache(maxsize=8)
def load(path: Path = REGISTRY) -> dict[str, Entry]:
    """Read the registry file; the library's own unless told."""
    if not path.is_file():
        raise DataError(f"the registry {path} does not exist")
    return parse(path.read_text(encoding="utf-8"), origin=path.name)
