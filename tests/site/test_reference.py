"""Promoting a run to the committed reference: complete and fresh, or nothing is written."""

import pytest

from soundreasons import project, results, runner
from soundreasons.results import DataUsed
from soundreasons.site import reference


@pytest.fixture
def ran(demo):
    """Results of the demonstration, run as the book runs it."""
    return runner.run("demo", report=lambda line: None) / "results.json"


def lacking(path, name: str) -> None:
    found = results.read(path)
    results.write(found.model_copy(update={"data": {name: DataUsed(kind="unavailable")}}), path)


def test_a_complete_and_fresh_run_becomes_the_reference(ran):
    assert reference.publish() == [project.reference("demo", "laptop")]
    assert reference.state("demo", "laptop").is_fresh
    assert results.read(project.reference("demo", "laptop")) == results.read(ran)


def test_a_run_that_lacked_data_of_its_profile_is_not_promoted(ran):
    lacking(ran, "hetrec_lastfm")
    with pytest.raises(ValueError, match="demo lacked hetrec_lastfm"):
        reference.publish()
    assert not project.reference("demo", "laptop").exists()


def test_data_that_only_the_paper_profile_fetches_is_not_missed(ran):
    lacking(ran, "spotify_mpd")
    assert reference.publish()


def test_a_chapter_that_was_never_run_is_named(demo):
    with pytest.raises(ValueError, match="soundreasons run CHAPTER"):
        reference.publish()


def test_a_stale_run_is_not_promoted(ran):
    path = project.notebook("demo")
    path.write_text(path.read_text().replace("normal(10, share)", "normal(11, share)"))
    with pytest.raises(ValueError, match="demo is stale: code of the notebook"):
        reference.publish()
