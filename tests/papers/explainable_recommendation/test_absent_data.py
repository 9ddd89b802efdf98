"""Data that is not here: named before any work, replaced by name, with settings that fit the stand-in."""

import nbformat
import pytest

from soundreasons import claims, data, ledger, project
from soundreasons.papers import explainable_recommendation as er
from support.here import require

SLUG = "explainable_recommendation"


def only(monkeypatch, *here):
    """Let a machine have these entries and no other."""
    really = data.available
    monkeypatch.setattr(data, "available", lambda name: name in here and really(name))


@pytest.mark.parametrize(
    ("asked", "here", "name", "min_listeners", "absent"),
    [
        ("lastfm_360k", ["hetrec_lastfm"], "hetrec_lastfm", 5, ("lastfm_360k", "lastfm_knowledge_graph")),
        (
            "lastfm_360k",
            ["movielens_2016", "lastfm_knowledge_graph"],
            "movielens_2016",
            20,
            ("lastfm_360k", "hetrec_lastfm"),
        ),
        ("movielens_2016", ["movielens_2016"], "movielens_2016", 200, ()),
    ],
)
def test_a_stand_in_is_chosen_by_the_registry_with_a_limit_that_fits_it(
    monkeypatch, asked, here, name, min_listeners, absent
):
    require(*here)
    only(monkeypatch, *here)
    source = er.data.choose_source(asked, 200)
    assert (source.name, source.min_listeners, source.absent) == (name, min_listeners, absent)
    assert source.stands_in == (name != asked)


def test_of_the_large_data_set_it_is_said_what_to_put_where(monkeypatch):
    only(monkeypatch)
    told = er.data.Source("lastfm_360k", "movielens_2016", 20, ("lastfm_360k",)).remedies()
    assert list(told) == ["lastfm_360k"]
    for part in ("soundreasons data fetch lastfm_360k", "artmbid-artname-plays.tsv", "`placed/lastfm_360k`"):
        assert part in told["lastfm_360k"]
    with pytest.raises(data.DataUnavailable, match=r"neither lastfm_360k nor .*placed/lastfm_360k"):
        er.data.choose_source("lastfm_360k", 200)


def test_a_limit_that_leaves_no_tag_is_refused_with_one_that_fits():
    require("movielens_2016")
    with pytest.raises(ValueError, match=r"leaves 28 items and 0 tags of movielens_2016.*; 20 suits"):
        er.data.listening("movielens_2016", min_listeners=200)


def cells_until(mark):
    """Code cells of the notebook, up to and with the one that holds a text."""
    notebook = nbformat.read(project.notebook(SLUG), as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    (last,) = [number for number, source in enumerate(cells) if mark in source]
    return cells[: last + 1]


def run_cells(cells, tmp_path, **parameters):
    """Run cells as a notebook does, with injected parameters after the first; return the names."""
    space = {"out": str(tmp_path)}
    for number, cell in enumerate(cells):
        exec(cell, space)
        if number == 0:
            space |= {"out": str(tmp_path), **parameters}
    return space


TINY = {"n_seeds": 1, "n_users": 5, "n_sanity": 2, "n_samples": 20, "n_counterfactual": 2}


def test_the_paper_profile_without_its_data_explains_films_by_name(monkeypatch, tmp_path, capsys):
    require("movielens_2016")
    only(monkeypatch, "movielens_2016")
    paper = {"profile": "paper", "data_set": "lastfm_360k", "min_listeners": 200, **TINY}
    space = run_cells(cells_until('"words-and-people"'), tmp_path, **paper)
    shown = capsys.readouterr().out
    where = shown.index("placed/lastfm_360k")
    assert 0 <= shown.index("Not on this machine") < where < shown.index("What is kept of movielens_2016")
    found = space["run"]._measures
    assert all(".movielens_2016." in name for name in found)
    absent = ["lastfm_360k", "hetrec_lastfm"]
    judged = claims.judge_all(ledger.read(SLUG), found, profile="paper", absent=absent)
    assert {judgement.verdict for judgement in judged.values()} == {"not tested"}


def test_a_listener_of_names_that_nobody_knows_is_refused_in_the_first_cell(tmp_path):
    require("hetrec_lastfm")
    opening = cells_until("chapter.open")
    assert len(opening) == 2, "the parameters, and the cell that checks them"
    with pytest.raises(
        ValueError, match=r"'Pink Floyds' is not among the names of hetrec_lastfm; nearest: .*Pink Floyd"
    ):
        run_cells(opening, tmp_path, listener=["Pink Floyds"])
    with pytest.raises(ValueError, match=r"'xqzzyw' is not among .*nothing is near"):
        run_cells(opening, tmp_path, listener=["Can", "xqzzyw"])
    assert len(run_cells(opening, tmp_path, listener=[])["heard"]) == 10


def test_the_names_of_every_profile_are_in_its_data():
    from soundreasons import parameters

    for profile in ("laptop", "smoke"):
        values = parameters.profile_values(SLUG, profile)
        require(values["data_set"])
        music = er.data.listening(values["data_set"], min_listeners=values["min_listeners"])
        er.data.item_numbers(values["listener"], music)
