"""What a notebook may say to its run, and what it is told when it may not."""

from __future__ import annotations

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from soundreasons import chapter, ledger, parameters, results


@pytest.fixture
def said(monkeypatch):
    """Everything that a run displays, as (bundle, metadata)."""
    shown: list[tuple[dict, dict]] = []
    monkeypatch.setattr(chapter, "_display", lambda bundle, metadata: shown.append((bundle, metadata)))
    return shown


@pytest.fixture
def run(demo, tmp_path, said):
    return chapter.open("demo", {"out": str(tmp_path / "out"), "In": ["x"], "_": 3, "np": np})


def figure():
    return plt.subplots()[0]


def test_a_misspelt_name_in_the_namespace_stops_the_run(demo):
    with pytest.raises(parameters.ParameterError, match="no parameter is called 'sead'; did you mean 'seed'"):
        chapter.open("demo", {"sead": 3})


@pytest.mark.parametrize("device", ["cuda:99", "gpu"])
def test_a_device_that_is_not_there_stops_the_run(demo, device, monkeypatch):
    source = demo / "notebooks" / "demo.ipynb"
    source.write_text(
        source.read_text().replace("fail: bool = False  # stop half-way", "device: str = 'auto'  # x")
    )
    with pytest.raises(parameters.ParameterError, match="device is"):
        chapter.open("demo", {"device": device})


def test_an_unknown_chapter_is_refused_with_the_nearest(demo):
    with pytest.raises(ValueError, match="did you mean 'demo'"):
        chapter.open("demon", {})


def test_seeds_follow_the_first_and_streams_follow_their_labels(demo, tmp_path):
    run = chapter.open("demo", {"seed": 5, "n_seeds": 2, "out": str(tmp_path)})
    assert run.seeds == [5, 6]
    draws = {label: run.rng(label).integers(1 << 60) for label in ("a", "b")}
    assert draws["a"] == run.rng("a").integers(1 << 60)
    assert draws["a"] != draws["b"]
    assert draws["a"] != run.rng("a", seed=6).integers(1 << 60)


def test_a_measure_is_glued_with_its_interval(run, said):
    run.measure("level.noise", [1.0, 2.0, 3.0])
    glued = {meta["scrapbook"]["name"]: float(next(iter(bundle.values()))) for bundle, meta in said}
    assert glued.keys() == {"level.noise", "level.noise.low", "level.noise.high"}
    assert glued["level.noise"] == 2.0
    assert glued["level.noise.low"] == pytest.approx(2 - 2.484138)  # by Student's table, as in test_measures


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("Level", 1.0, "is no name here"),
        ("level..noise", 1.0, "is no name here"),
        ("level.noise", float("nan"), "level.noise: a measure needs finite numbers"),
    ],
)
def test_a_bad_measure_is_refused_by_name(run, name, values, told):
    with pytest.raises(chapter.ChapterError, match=told):
        run.measure(name, values)


def test_nothing_is_said_twice(run):
    run.measure("level", 1.0)
    run.figure(figure(), "lines", caption="Lines.", alt="Lines.")
    run.table(pd.DataFrame({"a": [1]}), "rows", caption="Rows")
    run.sound(np.zeros(800), 8000, name="tone", caption="A tone.")
    for again in (
        lambda: run.measure("level", 1.0),
        lambda: run.figure(figure(), "lines", caption="Lines.", alt="Lines."),
        lambda: run.table(pd.DataFrame({"a": [1]}), "rows", caption="Rows"),
        lambda: run.sound(np.zeros(800), 8000, name="tone", caption="A tone."),
    ):
        with pytest.raises(chapter.ChapterError, match="already in this run"):
            again()
    plt.close("all")


def test_a_figure_needs_a_caption_an_alternative_and_a_kebab_name(run):
    with pytest.raises(chapter.ChapterError, match="lines has no caption"):
        run.figure(figure(), "lines", caption=" ", alt="Lines.")
    with pytest.raises(chapter.ChapterError, match="lines has no alt"):
        run.figure(figure(), "lines", caption="Lines.", alt="")
    with pytest.raises(chapter.ChapterError, match="kebab-case"):
        run.figure(figure(), "Two Lines", caption="Lines.", alt="Lines.")
    plt.close("all")


def test_a_shown_figure_is_closed_and_equal_figures_are_equal_files(run):
    for name in ("one", "two"):
        shown = figure()
        run.figure(shown, name, caption="Axes.", alt="Empty axes.")
        assert not plt.fignum_exists(shown.number)
    files = [run.folder / "figures" / f"{name}.png" for name in ("one", "two")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_tables_cells_are_kept_exactly_and_missing_ones_are_none(run, said):
    frame = pd.DataFrame({"n": [1, 2], "x": [0.1234567, np.nan]}, index=pd.Index(["a", "b"], name="set"))
    run.table(frame, "rows", caption="Rows")
    kept = run._tables["rows"]
    assert (kept.columns, kept.rows) == (["set", "n", "x"], [["a", 1, 0.1234567], ["b", 2, None]])
    assert "| a | 1 | 0.123 |" in said[-1][0]["text/markdown"]
    assert "| b | 2 | – |" in said[-1][0]["text/markdown"]


def test_what_is_missing_is_said_with_how_to_get_it(run, said):
    run.missing({})
    assert not said
    run.missing(["films"])
    assert said[-1][0]["text/markdown"].startswith("**Not on this machine:** `films`.")
    run.missing({"MUSIC": "set it to a folder"})
    assert said[-1][0]["text/markdown"].endswith("\n- `MUSIC`: set it to a folder")


@pytest.mark.parametrize(
    ("samples", "rate", "told"),
    [
        (np.zeros(0), 8000, "not empty"),
        (np.zeros((2, 2, 2)), 8000, "expected"),
        (np.full(8, np.nan), 8000, "NaN"),
        (np.zeros(8), 12345, "expected one of"),
        (np.zeros(8000 * 16), 8000, "at most 15 s"),
    ],
)
def test_a_sound_that_no_page_can_play_is_refused(run, samples, rate, told):
    with pytest.raises(ValueError, match=told):
        run.sound(samples, rate, name="tone", caption="A tone.")


def test_a_claim_that_rests_on_what_is_missing_is_not_tested_whatever_was_measured(run):
    run.measure("level.noise", [10.0, 10.1])
    run.missing({"MUSIC": "set it to a folder"}, claims=["C1"])
    run.verdicts()
    judged = results.read(run.folder / "results.json").verdicts["C1"]
    assert (judged.verdict, judged.reason) == ("not tested", "needs what is not here: MUSIC")
    run.missing(["x"], claims=["D9"])
    with pytest.raises(ledger.LedgerError, match="D9"):
        run.verdicts()


def test_data_that_no_source_has_is_recorded_as_unavailable(demo, run, monkeypatch):
    from soundreasons import data

    ledger = demo / "lib" / "soundreasons" / "papers" / "demo" / "claims.yml"
    ledger.write_text(ledger.read_text().replace("bar: 5}", "bar: 5, needs: [hetrec_lastfm]}"))
    monkeypatch.setattr(data, "available", lambda name: False)
    monkeypatch.setattr(data, "opened", dict)  # whatever other tests of this process have read
    run.measure("level.noise", [10.0, 10.1])
    run.verdicts()
    found = results.read(run.folder / "results.json")
    assert found.absent() == ["hetrec_lastfm"]
    assert found.verdicts["C1"].verdict == "not tested"
    assert found.fingerprint.data == {}


def test_a_progress_bar_that_cannot_be_drawn_says_nothing_on_the_page(demo, tmp_path):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        chapter.open("demo", {"out": str(tmp_path / "out")})
        warnings.warn("IProgress not found. Please update jupyter and ipywidgets.", UserWarning, stacklevel=1)
        warnings.warn("something else", UserWarning, stacklevel=1)
    assert [str(warning.message) for warning in told] == ["something else"]
