"""What a notebook may say to its run, and what it is told when it may not."""

from __future__ import annotations

import functools
import inspect
import json
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from soundreasons import chapter, ledger, naming, parameters, results, showing, source


@pytest.fixture
def said(monkeypatch):
    """Everything that a run displays, as (bundle, metadata)."""
    shown: list[tuple[dict, dict]] = []
    monkeypatch.setattr(showing, "display", lambda bundle, metadata: shown.append((bundle, metadata)))
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
    assert (judged.outcome, judged.reason) == ("not tested", "needs what is not here: MUSIC")
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
    assert found.verdicts["C1"].outcome == "not tested"
    assert found.fingerprint.data == {}


def test_a_progress_bar_that_cannot_be_drawn_says_nothing_on_the_page(demo, tmp_path):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        chapter.open("demo", {"out": str(tmp_path / "out")})
        warnings.warn("IProgress not found. Please update jupyter and ipywidgets.", UserWarning, stacklevel=1)
        warnings.warn("something else", UserWarning, stacklevel=1)
    assert [str(warning.message) for warning in told] == ["something else"]


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ({"n_seeds": np.int64(2)}, 2),
        ({"kinds": ("blue",)}, ["blue"]),
        ({"kinds": np.array(["blue"])}, ["blue"]),
        ({"share": np.float64(0.25)}, 0.25),
    ],
)
def test_a_parameter_of_another_type_is_recorded_as_what_the_cells_compute_with(demo, tmp_path, given, plain):
    (name,) = given
    namespace = {**given, "out": str(tmp_path)}
    run = chapter.open("demo", namespace)
    assert (run.parameters[name], run.changed) == (plain, {name: plain})
    assert namespace[name] == plain
    assert type(namespace[name]) is type(plain)


@pytest.mark.parametrize("value", [{"blue"}, range(2), np.ones((2, 2)), object(), len, np])
def test_a_parameter_that_can_be_none_is_refused_whatever_its_type(demo, value):
    with pytest.raises(parameters.ParameterError, match=r"n_seeds is .*, expected int: how many runs"):
        chapter.open("demo", {"n_seeds": value})


def test_a_name_of_ipython_is_no_parameter_but_a_misspelt_one_is_seen(demo, tmp_path):
    chapter.open("demo", {"out": str(tmp_path), "_": 3, "_i1": "x", "__doc__": "", "_oh": {}, "len": len})
    with pytest.raises(parameters.ParameterError, match="'_seed'; did you mean 'seed'"):
        chapter.open("demo", {"_seed": 3})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda cells: cells.update(seed=4), "seed was 3 and is 4"),
        (lambda cells: cells.update(share="half"), "share was 0.5 and is 'half'"),
        (lambda cells: cells["kinds"].append("blue"), r"kinds was \['red'\] and is \['red', 'blue'\]"),
        (lambda cells: cells.update(kinds={"red"}), "kinds was"),
        (lambda cells: cells.update(n_seeds=np.ones(3)), "n_seeds was 3 and is array"),
    ],
)
def test_a_parameter_that_a_later_cell_changes_is_not_recorded_as_what_it_was(
    demo, tmp_path, said, change, told
):
    cells = {"seed": 3, "n_seeds": 3, "share": 0.5, "kinds": ["red"], "out": str(tmp_path)}
    run = chapter.open("demo", cells)
    change(cells)
    with pytest.raises(chapter.ChapterError, match=f"since the run was opened, {told}.* another name"):
        run.verdicts()
    assert not (tmp_path / "results.json").exists()


def test_a_parameter_written_another_way_is_no_change(demo, tmp_path, said):
    cells = {"seed": 3, "kinds": ["red"], "out": str(tmp_path)}
    run = chapter.open("demo", cells)
    cells |= {"seed": np.int64(3), "kinds": ("red",)}
    run.verdicts()
    assert results.read(tmp_path / "results.json").parameters["seed"] == 3


def test_words_on_purpose_are_markup_on_the_page_and_words_in_the_record(run, said):
    run.table(pd.DataFrame({"a": [chapter.Markup("*x*"), "*x*"]}), "rows", caption="Rows")
    assert run._tables["rows"].rows == [["*x*"], ["*x*"]]
    assert said[-1][0]["text/markdown"].splitlines()[2:4] == ["| *x* |", "| &#42;x&#42; |"]
    assert said[-1][0]["text/plain"].splitlines()[2:4] == ["| *x* |", "| *x* |"]


def test_the_cells_of_a_frame_are_measures_named_by_row_and_column(run):
    frame = pd.DataFrame({"AUC": [0.5, 0.75], "NDCG@10": [1.0, 2.0]}, index=["Meso-4", "Björk's"])
    kept = run.measures(frame, "score.{row}.{column}", unit="%")
    assert {name: one.mean for name, one in kept.items()} == {
        "score.meso_4.auc": 0.5,
        "score.bjork_s.auc": 0.75,
        "score.meso_4.ndcg_10": 1.0,
        "score.bjork_s.ndcg_10": 2.0,
    }
    assert run._measures == kept
    assert {one.unit for one in kept.values()} == {"%"}


def test_a_cell_with_one_value_a_seed_has_the_interval_of_its_seeds(run):
    kept = run.measures(pd.Series({"noise": [1.0, 2.0, 3.0]}), "level.{row}")
    assert kept["level.noise"].low == pytest.approx(2 - 2.484138)  # by Student's table, as above


@pytest.mark.parametrize(
    ("frame", "pattern", "told"),
    [
        (pd.Series({"a b": 1.0, "a-b": 2.0}), "x.{row}", r"x\.a_b would be the name of two cells"),
        (pd.DataFrame({"p": [1.0], "q": [2.0]}), "x.{row}", "the name of two cells"),
        (pd.Series({"a": np.nan}), "x.{row}", r"the cell of x\.a is missing"),
        (pd.DataFrame({"p": [1.0, None]}), "x.{row}.{column}", r"x\.1\.p is missing"),
        (pd.Series({"a": 1.0}), "x.{column}", "expected a name with row in braces"),
        (pd.Series({"a": 1.0}), "x", "expected a name with row in braces"),
        (pd.DataFrame({"a": [1.0]}), "x.{seed}", "expected a name with column and row in braces"),
        (pd.Series({"a": np.inf}), "x.{row}", r"x\.a: a measure needs finite numbers"),
        (pd.Series({"a": "high"}), "x.{row}", r"x\.a: "),
        (pd.Series({"椎名林檎": 1.0}), "x.{row}", "no letter or digit"),
        (pd.Series({"a": 1.0, "taken": 2.0}), "{row}", "taken was measured already"),
        (pd.Series({"a": 1.0}), "X.{row}", "is no name here"),
        (pd.Series(dtype=float), "x.{row}", "no cell to measure"),
    ],
)
def test_a_table_that_cannot_be_measured_is_refused_as_a_whole(run, frame, pattern, told):
    run.measure("taken", 0.0)
    with pytest.raises(chapter.ChapterError, match=told):
        run.measures(frame, pattern)
    assert run._measures.keys() == {"taken"}


def test_missing_cells_are_left_out_when_they_may_be(run):
    frame = pd.DataFrame({"p": [1.0, np.nan], "q": [None, 4.0]}, index=["a", "b"])
    assert run.measures(frame, "x.{row}.{column}", missing_ok=True).keys() == {"x.a.p", "x.b.q"}


def test_a_measure_over_units_has_the_interval_of_their_mean(run):
    values = np.random.default_rng(0).normal(3.0, 2.0, 400)
    kept = run.measure("recall.tfidf", values, over="queries", unit="%")
    # The normal interval of a mean, which a bootstrap of 400 values comes near: 1.96 s / sqrt(n).
    half = 1.96 * values.std(ddof=1) / 20
    assert (kept.mean, kept.values) == (pytest.approx(values.mean()), [kept.mean])
    assert (kept.low, kept.high) == (
        pytest.approx(kept.mean - half, abs=0.1 * half),
        pytest.approx(kept.mean + half, abs=0.1 * half),
    )
    assert (kept.n_units, kept.over, kept.unit) == (400, "queries", "%")


def test_a_measure_over_units_is_the_same_in_every_run_and_apart_from_others(demo, tmp_path, said):
    values = np.random.default_rng(0).normal(size=20)
    first, second = (chapter.open("demo", {"out": str(tmp_path), "seed": 5}) for _ in range(2))
    kept = first.measure("a", values, over="tracks")
    assert kept == second.measure("a", values, over="tracks")
    assert kept.low != second.measure("b", values, over="tracks").low


@pytest.mark.parametrize(
    ("values", "options", "told"),
    [
        ([1.0, 2.0], {"exact": True}, "draws its own interval"),
        ([1.0, 2.0], {"interval": (0, 3)}, "draws its own interval"),
        (1.0, {}, "expected one value for each of the tracks"),
        ([[1.0, 2.0]], {}, "expected one value for each of the tracks"),
        ([1.0], {}, "a: "),
        ([1.0, np.nan], {}, "a: "),
    ],
)
def test_units_that_cannot_be_resampled_are_refused(run, values, options, told):
    with pytest.raises(chapter.ChapterError, match=told):
        run.measure("a", values, over="tracks", **options)


def test_a_record_says_of_what_it_measured_over_and_is_as_before_without(run, tmp_path):
    run.measure("a", [1.0, 2.0, 4.0], over="tracks")
    run.measure("b", [1.0, 2.0])
    run.verdicts()
    written = json.loads((run.folder / "results.json").read_text())["measures"]
    assert (written["a"]["over"], written["a"]["n_units"]) == ("tracks", 3)
    assert written["b"].keys() == {"values", "mean", "low", "high", "unit", "exact"}
    assert results.read(run.folder / "results.json").measures == run._measures


def test_what_is_here_comes_back_in_order_and_what_is_not_is_said(run, said, monkeypatch):
    from soundreasons import data

    monkeypatch.setattr(data, "available", lambda name: name != "aotm2003")
    asked = ["movielens_2018", "aotm2003", "hetrec_lastfm", "movielens_2018"]
    assert run.available(*asked) == ["movielens_2018", "hetrec_lastfm"]
    assert "**Not on this machine:** `aotm2003`." in said[-1][0]["text/markdown"]
    assert run.available("hetrec_lastfm") == ["hetrec_lastfm"]
    assert len(said) == 1
    with pytest.raises(ValueError, match=r"'hetrec_lastfn' is not .* did you mean hetrec_lastfm"):
        run.available("hetrec_lastfn")


def test_a_reported_value_comes_with_its_unit_and_how_we_know_it(run):
    value = run.reported("C1.level")
    assert (value.number, value.unit, value.provenance) == (10.0, "dB", "ours")
    with pytest.raises(ValueError, match=r"'C1\.levle'; did you mean 'C1\.level'"):
        run.reported("C1.levle")


def test_a_source_is_shown_as_it_stands_with_its_docstring_folded(run, said):
    run.source(naming.unknown)
    bundle, metadata = said[-1]
    mark = metadata["soundreasons"]
    lines = Path(naming.__file__).read_text(encoding="utf-8").splitlines()
    assert lines[mark["line"] - 1].startswith("def unknown(")
    assert mark["code"].splitlines()[-1] == lines[mark["end"] - 1]
    assert (mark["name"], mark["file"]) == ("soundreasons.naming.unknown", "soundreasons/naming.py")
    assert mark["doc"] == inspect.getdoc(naming.unknown)
    assert '"""' not in mark["code"]
    before, _, folded = bundle["text/markdown"].partition("<details>")
    assert f"```python\n{mark['code']}\n```" in before
    assert mark["doc"] in folded
    assert "<summary>Docstring: Sentence for a name" in folded
    assert mark["code"] in bundle["text/plain"]
    assert str(Path(naming.__file__).parent.parent) not in json.dumps(said[-1])


def test_classes_methods_and_wrapped_functions_have_a_source(run, said):
    from soundreasons.papers.mesonet import Meso4

    for thing, first in (
        (Meso4, "class Meso4("),
        (Meso4.forward, "def forward("),
        (ledger.read, "@functools.cache\ndef read("),
        (chapter.Markup, "@dataclass(frozen=True)\nclass Markup:"),
    ):
        run.source(thing)
        assert said[-1][1]["soundreasons"]["code"].startswith(first)


@pytest.mark.parametrize(
    ("thing", "told"),
    [
        (np, "is no function and no class"),
        (3, "a value of type int is no function"),
        (len, "is no function and no class"),
        (json.dumps, "json.dumps is not of soundreasons"),
        (np.ndarray, "is not of soundreasons"),
        (lambda x: x, "is not of soundreasons"),
        (figure, "is not of soundreasons"),
        (functools.partial(naming.unknown, "a"), "a value of type partial is no function"),
    ],
)
def test_what_is_not_ours_or_no_definition_has_no_source_to_show(run, thing, told):
    with pytest.raises(ValueError, match=told):
        run.source(thing)


def test_a_definition_that_is_all_docstring_keeps_a_body():
    shown = source.read(source.SourceError)
    assert shown.code == "class SourceError(ValueError):\n    ..."
    assert shown.doc == "Something whose source is not ours to show."
