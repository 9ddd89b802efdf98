"""What makes results stale, and what does not."""

from __future__ import annotations

import pytest

from soundreasons import freshness, project, results
from soundreasons.results import Fingerprint


@pytest.fixture
def fresh(demo) -> results.Results:
    """Results of the demonstration that are fresh, made without running it."""
    values = freshness.parameters.profile_values("demo", "laptop")
    kept = {name: value for name, value in values.items() if name != "out"}
    modules = {
        "soundreasons.learning.seeding": freshness.code_digest(_source("soundreasons.learning.seeding"))
    }
    fingerprint = Fingerprint(
        notebook=freshness.notebook_digest("demo"), parameters=freshness.digest(kept), modules=modules,
        versions=freshness.computing_versions(modules), data={},
    )  # fmt: skip
    return results.Results(
        slug="demo", profile="laptop", parameters=kept, seeds=[0], measures={}, tables={}, figures={},
        sounds={}, verdicts={}, data={}, commit="", started="2026-01-01", fingerprint=fingerprint,
        machine=results.Machine(device="CPU", processor="x", cores=2, threads=1, system="x", python="3.11"),
        cost=results.Cost(seconds=1, cpu_seconds=1, peak_memory_bytes=1),
    )  # fmt: skip


def _source(module: str) -> str:
    path = freshness.module_file(module)
    assert path is not None
    return path.read_text()


def altered(found: results.Results, **parts) -> results.Results:
    return found.model_copy(update={"fingerprint": found.fingerprint.model_copy(update=parts)})


def test_nothing_changed_is_fresh(fresh):
    assert freshness.changes(fresh) == []


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"modules": {"soundreasons.learning.seeding": "0"}}, "module soundreasons.learning.seeding"),
        ({"modules": {"soundreasons.learning.gone": "0"}}, "module soundreasons.learning.gone is gone"),
        ({"versions": {"numpy": "1.0"}}, "numpy 1.0 was used, the lock says"),
        ({"data": {"nowhere": "sha256:0"}}, "data nowhere is no longer registered"),
        ({"data": {"gm_programs": "sha256:0"}}, "data gm_programs"),
    ],
)
def test_a_change_below_is_named(fresh, parts, told):
    (change,) = freshness.changes(altered(fresh, **parts))
    assert change.startswith(told)


def test_a_library_that_is_not_in_the_lock_is_no_change(fresh):
    assert freshness.changes(altered(fresh, versions={"some-plugin": "1.0"})) == []


def test_a_changed_cell_is_stale_and_changed_prose_is_not(fresh, demo):
    path = project.notebook("demo")
    text = path.read_text()
    path.write_text(text.replace("The level is", "Now the level is"))
    assert freshness.changes(fresh) == []
    path.write_text(text.replace("normal(10, share)", "normal(11, share)"))
    assert freshness.changes(fresh) == ["code of the notebook"]


def test_a_changed_default_is_named(fresh):
    path = project.notebook("demo")
    path.write_text(path.read_text().replace("n_seeds: int = 3", "n_seeds: int = 4"))
    assert "parameter n_seeds" in freshness.changes(fresh)


def test_comments_docstrings_and_layout_do_not_count():
    before = 'def f(x):\n    """One."""\n    return x + 1  # one more\n'
    after = 'def f(x):\n\n    """Two."""\n    return (x\n            + 1)\n'
    assert freshness.code_digest(before) == freshness.code_digest(after)
    assert freshness.code_digest(before) != freshness.code_digest(before.replace("+ 1", "+ 2"))


def test_only_what_papers_readers_media_and_learning_hold_is_counted():
    import soundreasons.chapter
    import soundreasons.learning.seeding  # noqa: F401 - both are reached, one counts

    reached = freshness.reached_modules()
    assert "soundreasons.learning.seeding" in reached
    assert not any(name.startswith(("soundreasons.chapter", "soundreasons.claims")) for name in reached)


@pytest.mark.parametrize(
    ("module", "draws"),
    [
        ("soundreasons.papers.spiky_svd.figures", True),
        ("soundreasons.papers.mesonet.figures.faces", True),
        ("soundreasons.papers.spiky_svd", True),  # the names that a package offers
        ("soundreasons.media.drawing", True),
        ("soundreasons.papers.spiky_svd.method", False),
        ("soundreasons.papers.spiky_svd.experiments", False),
        ("soundreasons.media.audio", False),
    ],
)
def test_what_only_draws_is_counted_apart(module, draws):
    assert bool(freshness.DRAWING.fullmatch(module)) == draws


def test_a_figures_colour_leaves_the_measures_and_asks_for_its_page_anew(fresh):
    seeding = "soundreasons.learning.seeding"
    drawn = altered(fresh, modules={}, drawing={seeding: "0"})
    assert freshness.changes(drawn) == []
    assert freshness.drawing_changes(drawn) == [f"module {seeding}"]


def test_versions_carry_no_build_label():
    versions = freshness.computing_versions(["soundreasons.learning.device"])
    assert "+" not in versions["torch"]


@pytest.mark.parametrize("slug", project.slugs())
def test_the_committed_reference_is_fresh(slug):
    from soundreasons.site import reference

    state = reference.state(slug, "laptop")
    assert state.is_fresh, state.text


@pytest.mark.parametrize("slug", project.slugs())
def test_what_a_chapter_opened_is_registered_as_used_by_it(slug):
    """`make book` fetches by that: what is not named there would be missing on a stranger's machine."""
    from soundreasons import data

    found = results.read(project.reference(slug, "laptop"))
    unnamed = [name for name in found.data if slug not in data.entry(name).used_by]
    assert not [name for name in unnamed if data.entry(name).kind != "asset"]


# --- what was parsed before -------------------------------------------------------------------------------


def test_code_that_was_parsed_before_is_not_parsed_again_and_other_code_is(fresh, monkeypatch):
    assert freshness.changes(fresh) == []
    parsed: list[str] = []
    original = freshness.code_digest
    monkeypatch.setattr(freshness, "code_digest", lambda text: parsed.append(text) or original(text))
    assert freshness.changes(fresh) == []
    assert parsed == []
    assert freshness._digest_once("x = 1", {}) == original("x = 1")
    assert parsed == ["x = 1"]


@pytest.mark.parametrize("text", ["[", "[1, 2]", '{"a": '])
def test_what_is_kept_of_it_may_be_damaged(fresh, text):
    from soundreasons import project

    freshness.changes(fresh)
    place = project.root() / "_build" / "code-digests.json"
    place.write_text(text)
    assert freshness.changes(fresh) == []
    assert place.read_text().startswith('{"')
