"""The paper profile at tiny sizes on a machine without its data, and settings that exclude each other."""

import re

import nbformat
import pytest

from soundreasons import parameters, project, results, runner
from soundreasons.papers.spiky_svd.data import absent
from soundreasons.papers.spiky_svd.experiments.parameters import check_parameters

TINY = {"n_seeds": 1, "repeats": 1, "block_items": 240, "communities": [4]}
PLACED = ["movielens_25m", "lastfm_360k", "aotm2011", "cornell_yes", "spotify_mpd"]


@pytest.fixture
def bare_machine(tmp_path, monkeypatch):
    """No mirror, an empty data folder, and a place of its own for runs."""
    monkeypatch.delenv("SOUNDREASONS_MIRROR", raising=False)
    monkeypatch.setenv("SOUNDREASONS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SOUNDREASONS_RUNS", str(tmp_path / "runs"))
    return tmp_path


def outputs_of(cell):
    return "\n".join(str(output.get("data", output)) for output in cell.get("outputs", []))


@pytest.mark.chapter
def test_without_its_data_the_paper_profile_says_what_to_get_and_tests_the_theory(bare_machine):
    folder = runner.run("spiky_svd", "paper", TINY, report=lambda line: None)
    found = results.read(folder / "results.json")
    # The theory needs no data; claims on data stay open, and none is judged by another set.
    verdicts = {name: judged.verdict for name, judged in found.verdicts.items()}
    assert {name for name, verdict in verdicts.items() if verdict != "not tested"} <= {
        "C3a",
        "C3b",
        "C4",
        "C5",
        "R2",
    }
    assert verdicts["C4"] != "not tested"
    assert {name for name, entry in found.data.items() if entry.kind != "unavailable"} == set()
    cells = nbformat.read(folder / "notebook.ipynb", as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    first = next(number for number, cell in enumerate(code) if "Not on this machine" in outputs_of(cell))
    told = outputs_of(code[first])
    for name in PLACED:
        assert f"`{name}`" in told
        assert f"`placed/{name}`" in told
    assert "www.aicrowd.com" in told
    assert "`soundreasons data fetch movielens_25m`" in told
    assert "fetch spotify_mpd" not in told  # nobody may download it for the reader
    assert not any(
        re.search(r"(?<!method\.)\b(embed|associate|exact_spikes)\(", cell.source)
        for cell in code[: first + 1]
    )


@pytest.mark.chapter
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"dimensions": [128]}, r"dimensions holds 128, allowed are 1 to 64, the rank"),
        ({"dimensions": [2, 2]}, r"dimensions holds 2 twice"),
        ({"block_items": 100, "communities": [100]}, r"communities holds 100, allowed are 2 to 5"),
    ],
)
def test_settings_that_exclude_each_other_stop_the_run_in_its_first_cells(bare_machine, changes, told):
    with pytest.raises(runner.RunError, match=told) as refused:
        runner.run("spiky_svd", "smoke", changes, report=lambda line: None)
    notebook = nbformat.read(str(refused.value).rpartition("notebook: ")[2], as_version=4)
    executed = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.execution_count]
    assert len(executed) <= 5
    assert not list(project.runs().glob("smoke/spiky_svd*/results.json"))


@pytest.mark.parametrize("profile", ["smoke", "laptop", "paper"])
def test_the_profiles_themselves_are_possible(profile):
    check_parameters(parameters.profile_values("spiky_svd", profile))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"cutoffs": [10, 10]}, "cutoffs holds 10 twice, expected entries that differ"),
        ({"user_shares": [0.5, 0.504]}, r"user_shares is \[0\.5, 0\.504\], expected shares that rise"),
        ({"time_shares": [1.0, 0.5]}, "time_shares is .*, expected shares that rise"),
        (
            {"null_sets": ["aotm2003"], "data_sets": ["hetrec_tags"]},
            r"null_sets holds aotm2003.*\(hetrec_tags\)",
        ),
        (
            {"user_growth": ["movielens_2016"], "time_growth": ["movielens_2016"]},
            "movielens_2016 is in user_growth",
        ),
        (
            {"rank": 64, "dimensions": [2, 65], "communities": [8], "block_items": 159},
            "65.*; communities holds 8.* 7,",
        ),
    ],
)
def test_parameters_that_exclude_each_other_are_refused_all_at_once(values, told):
    with pytest.raises(ValueError, match=told):
        check_parameters(values)


@pytest.mark.usefixtures("bare_machine")
def test_what_is_absent_is_told_once_with_the_files_of_the_publisher():
    table = absent(["cornell_yes", "cornell_yes", "hetrec_tags"])
    assert list(table) == ["cornell_yes", "hetrec_tags"]
    # The three files of the publisher's archive, as its page lists them.
    for file in ("yes_complete/train.txt", "yes_complete/test.txt", "yes_complete/song_hash.txt"):
        assert f"`{file}`" in table["cornell_yes"]
    # Tags are the same entry as the listening: that is what has to be fetched.
    assert table["hetrec_tags"] == "`soundreasons data fetch hetrec_lastfm`"
