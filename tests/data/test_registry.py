"""The registry: one test over all entries, and what the schema refuses."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from soundreasons import data
from soundreasons.data import registry
from soundreasons.data.errors import DataError, RegistryError

BIBLIOGRAPHY = Path(__file__).parents[2] / "book" / "references.bib"
KINDS = {"mirror", "pypi", "npm", "debian", "url", "package", "built", "generated", "placed"}


@pytest.mark.parametrize("name", data.names())
def test_every_entry_is_whole(name):
    entry = data.entry(name)
    assert entry.title
    assert entry.licence
    assert entry.may_show
    assert entry.used_by, "nobody would notice if this entry broke"
    assert {source.kind for source in entry.sources} <= KINDS
    for function in [entry.reader, *(source.convert for source in entry.sources if source.convert)]:
        module, _, attribute = function.partition(".")
        assert callable(getattr(import_module(f"soundreasons.data.readers.{module}"), attribute))
    if entry.scale == "laptop":
        assert entry.is_verified, "what is used by default must be known to the last cell"
        assert entry.accepted_digests
    if entry.stand_in:
        assert data.entry(entry.stand_in).name != name


@pytest.mark.parametrize("name", data.names())
def test_every_citation_is_in_the_bibliography(name):
    if not BIBLIOGRAPHY.is_file():
        pytest.skip("not checkable here: the bibliography is not part of this checkout")
    keys = set(re.findall(r"^@\w+\{([^,\s]+),", BIBLIOGRAPHY.read_text(encoding="utf-8"), flags=re.M))
    assert data.entry(name).citation in keys


@pytest.mark.parametrize("name", [n for n in data.names() if data.entry(n).scale == "laptop"])
def test_every_entry_is_what_it_must_be(name, real):
    # The record was checked on the way: counts, columns, digests, file hashes.
    record = real(name)
    assert record.name == name


def test_what_a_package_index_alone_can_give_is_enough_for_the_first_chapter():
    assert [source.kind for source in data.entry("movielens_2016").sources] == ["pypi"]
    assert "pypi" in {source.kind for source in data.entry("mathjax").sources}


def test_the_kinds_of_source_that_are_documented_are_those_that_exist():
    union = registry.Source.__args__[0].__args__
    assert {member.model_fields["kind"].annotation.__args__[0] for member in union} == KINDS


GOOD = """
[one]
title = "One thing"
kind = "real"
licence = "CC0-1.0"
citation = "nobody2000"
may_show = "everything"
version = "1"
reader = "tables.read_plays"
holds = ["plays.csv"]
tables.plays = { rows = 1, columns = ["a"], digest = "unverified" }
[[one.sources]]
kind = "mirror"
folder = "one"
"""


def test_the_good_example_of_the_tests_below_is_good():
    assert list(registry.parse(GOOD)) == ["one"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('licence = "CC0-1.0"', 'license = "CC0-1.0"', "entry one: field licence: Field required"),
        ('title = "One thing"', "title = 1", "entry one: field title: Input should be a valid string"),
        ('kind = "real"', 'kind = "fake"', "entry one: field kind: Input should be 'real'"),
        ("rows = 1", "rows = -1", "field tables.plays.rows"),
        ("rows = 1, ", "", None),
        ('"unverified"', '"sha256:12"', "field tables.plays.digest"),
        ("rows = 1, columns = [\"a\"], digest = \"unverified\"",
         f"columns = [\"a\"], digest = \"sha256:{'0' * 64}\"", "rows: must be given beside a digest"),
        ('kind = "mirror"', 'kind = "torrent"', "field sources.0"),
        ('folder = "one"', 'folder = "../one"', "must be a relative path that stays in its folder"),
        ('folder = "one"', 'folder = "/etc"', "must be a relative path"),
        ('holds = ["plays.csv"]', 'holds = ["a/../../plays.csv"]', "field holds"),
        ('holds = ["plays.csv"]', "holds = []", "holds: the names of the files"),
        ('folder = "one"', 'folder = "one"\nmembers."other.csv" = "x"', "are not files of this entry"),
        ('kind = "mirror"\nfolder = "one"', 'kind = "npm"\npackage = "p"\nrelease = "1"\nsha256 = "1"',
         "field sources.0.npm.sha256"),
        ('kind = "mirror"\nfolder = "one"',
         f'kind = "npm"\npackage = "p"\nrelease = "1"\nsha256 = "{"0" * 64}"', "must be known in advance"),
        ('kind = "mirror"\nfolder = "one"', 'kind = "url"\n', "give either `archive`"),
        ('kind = "mirror"\nfolder = "one"', 'kind = "url"\narchive = "ftp://x/y"', "is not an http address"),
        ('kind = "mirror"\nfolder = "one"', 'kind = "built"\ninputs = ["two"]\nfunction = "tables.double"',
         "entry one names 'two', which is not in the registry"),
        ('version = "1"', 'version = "1"\nstand_in = "two"', "names 'two', which is not in the registry"),
        ('version = "1"', 'version = "1"\nfiles = "manifests/none.csv"', "manifest none.csv does not exist"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_refused_by_entry_and_field(before, after, told):
    assert before in GOOD
    text = GOOD.replace(before, after)
    if told is None:  # rows may be unknown while the digest is
        assert registry.parse(text)["one"].tables["plays"].rows is None
        return
    with pytest.raises(RegistryError, match=re.escape(told)):
        registry.parse(text)


def test_text_that_is_no_registry_is_refused():
    with pytest.raises(RegistryError, match="not valid TOML"):
        registry.parse("[one")
    with pytest.raises(RegistryError, match="expected a table"):
        registry.parse("one = 1")


def test_an_unknown_name_gives_the_nearest_ones():
    with pytest.raises(
        DataError, match=r"'hetrec_lastfn' is not in the registry; did you mean hetrec_lastfm"
    ):
        data.open("hetrec_lastfn")


def test_the_digest_of_a_declaration_changes_with_what_is_declared():
    one = registry.parse(GOOD)["one"].digest
    assert registry.parse(GOOD.replace('title = "One thing"', 'title = "Other"'))["one"].digest == one
    assert registry.parse(GOOD.replace("rows = 1", "rows = 2"))["one"].digest != one
