"""The comparison, the audit, the published tasks, the figures and the trial."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from typer.testing import CliRunner

from soundreasons.cli import app
from soundreasons.papers import functional_attribution as fa
from soundreasons.papers.functional_attribution import trial
from soundreasons.papers.functional_attribution.experiments.audit import AUDIT_LEVELS
from soundreasons.papers.functional_attribution.method import EXACT_SELECTORS

approx = pytest.approx


@pytest.fixture(scope="module")
def small():
    """Every method on six small tasks."""
    tasks, keys = fa.task_set("own", "multivariate", [2, 4], 3)
    return fa.contest(tasks, keys)


def test_the_table_has_a_row_for_each_method_and_task(small):
    table = small.table(fa.data.published_levels())
    assert len(table) == 16 * 6
    scores = table[["accuracy", "stated", "property"]].to_numpy()
    assert ((scores >= 0) & (scores <= 1)).all()
    assert table.loc[table["method"].isin(EXACT_SELECTORS), "star"].isna().all()


def test_the_best_level_is_the_best_of_the_curve(small):
    best = fa.best_levels(small, [0.3, 0.6, 0.9])
    curve = small.sweep("gam", [0.3, 0.6, 0.9])
    assert best.loc["gam", "accuracy"] == curve["accuracy"].max()


@pytest.mark.parametrize("method", ["gradient", "boosted"])
def test_a_curve_is_what_the_table_says_at_each_level(small, method):
    levels = [0.25, 0.5, 0.76]
    expected = [small.table({method: level})["accuracy"].mean() for level in levels]
    assert small.sweep(method, levels)["accuracy"].tolist() == approx(expected, abs=1e-12)


def test_a_truncated_method_is_never_right_beyond_its_order(small):
    table = small.by_size("ga1m", 0.7)
    assert (table.loc[table["size"] > 1, "accuracy"] == 0).all()


def test_within_its_order_a_method_without_limit_loses_nothing_to_itself(small):
    assert fa.experiments.comparisons.loss_within_order(small, "fanova", 5, 0.76).mean == 0


def test_the_summary_is_students_interval_over_tasks(small):
    # By hand: mean and t(0.975, 5) s / sqrt(6), with t = 2.5706.
    table = small.table({"gradient": 0.7})
    values = table["accuracy"].to_numpy()
    row = fa.summary(table, "accuracy").loc["gradient"]
    half = 2.570582 * values.std(ddof=1) / np.sqrt(6)
    assert row.tolist() == approx([values.mean(), values.mean() - half, values.mean() + half], abs=1e-6)


def test_the_gap_is_paired(small):
    table = small.table(fa.data.published_levels())
    wide = fa.experiments.comparisons.in_columns(table, "accuracy", ["gam", "boosted"])
    assert fa.experiments.comparisons.paired_gap(table, "gam", "boosted").mean == approx(
        (wide["boosted"] - wide["gam"]).mean()
    )


def test_halves_split_at_the_median(small):
    table = small.table({"gam": 0.2})
    assert fa.experiments.comparisons.halves(table, "features").tolist() == ["few"] * 3 + ["many"] * 3


def test_the_same_seed_gives_the_same_contest(small):
    again = fa.contest(small.tasks, small.keys, selectors={})
    for name, scores in small.scores.items():
        assert all((a == b).all() for a, b in zip(scores, again.scores[name], strict=True))


def test_a_task_without_a_key_is_refused(small):
    with pytest.raises(ValueError, match="1 keys for 6 tasks"):
        fa.contest(small.tasks, small.keys[:1])


def test_silent_counts_points_where_nothing_is_selected():
    # Neighbours half a standard deviation apart: nothing is certain.
    task = fa.MixtureTask([[0.0, 0.0], [0.06, 0.0]], [0, 1])
    table = fa.contest([task], [(2, 0)], methods={}).table({"fanova": 0.9, "ga1m": 0.9})
    assert table.set_index("method")["silent"].to_dict() == {"ga1m": 0, "fanova": 1}


@pytest.mark.parametrize("source", fa.data.sources_here(["published", "own"]))
def test_tuning_tasks_have_one_shape_more_than_their_number_and_are_not_those_judged(source):
    tuning = fa.tuning_set(source, [4], 11)
    assert [len(np.unique(task.shapes)) for task in tuning.tasks] == list(range(1, 12))
    judged = fa.task_set(source, "multivariate", [4], 100).tasks
    seen = {task.points.tobytes() for task in judged}
    assert not any(task.points.tobytes() in seen for task in tuning.tasks)


def test_too_many_tuning_tasks_and_a_strange_source_are_refused():
    with pytest.raises(ValueError, match="per_dimension is 12, allowed are 1 to 11"):
        fa.tuning_set("own", [4], 12)
    with pytest.raises(ValueError, match="source is 'theirs'"):
        fa.tuning_set("theirs", [4], 2)


def test_another_noise_keeps_points_and_truth():
    found = fa.task_set("own", "multivariate", [4], 2)
    quiet = found.with_variance(0.001)
    assert quiet.keys == found.keys
    for before, after in zip(found.tasks, quiet.tasks, strict=True):
        assert after.variance == 0.001
        assert after.true_selections() == before.true_selections()


# -- audit ------------------------------------------------------------------------------------------


def true_means(function, point, background):
    """A GAM on the values of the background: finds the answer of univariate tasks."""
    values = function(background)
    return [values[np.abs(background[:, k] - x) < 0.125].mean() - values.mean() for k, x in enumerate(point)]


def test_a_method_that_is_right_passes_the_audit_and_a_blind_one_fails():
    tasks = fa.task_set("own", "univariate", [3, 6], 4).tasks
    good, rng = fa.audit(true_means, tasks), np.random.default_rng(0)
    assert good.accuracy > 0.95
    assert good.page().startswith("**This method finds")
    blind = fa.audit(lambda f, x, b: rng.normal(size=len(x)), tasks)
    assert blind.accuracy < 0.5
    assert "does not find" in blind.page()
    assert blind.by_dimension.index.tolist() == [3, 6]


def test_an_audit_lays_known_methods_beside_and_breaks_down_by_size():
    tasks = fa.task_set("own", "multivariate", [2, 3], 3).tasks
    found = fa.audit(true_means, tasks)
    best = fa.best_levels(fa.contest(tasks, [(2, 0)] * 6, selectors={}), AUDIT_LEVELS)
    assert found.yardsticks.to_dict() == approx(best.loc[list(found.yardsticks.index), "accuracy"].to_dict())
    sizes = np.concatenate([task.true_sizes for task in tasks])
    assert found.by_size.index.tolist() == sorted(set(sizes.tolist()))
    assert "| shapley_conditional | " in found.page()
    shares = found.shares()
    assert shares["this method"] == found.accuracy
    assert shares["answers with 1 feature"] == found.by_size[1]
    assert shares["tasks of 3 features"] == found.by_dimension[3]


def test_the_time_of_conditional_means_is_taken_afresh_though_a_task_keeps_them(monkeypatch):
    tasks = fa.task_set("own", "univariate", [3], 2).tasks
    assert all(task.means_at_points.any() for task in tasks)
    asked, original = [], fa.MixtureTask.conditional_means
    monkeypatch.setattr(
        fa.MixtureTask, "conditional_means", lambda task, x: asked.append(task) or original(task, x)
    )
    fa.contest(tasks, [(3, 0)] * 2, methods={}, selectors={})
    assert asked == tasks


def test_an_audit_reports_the_level_that_suits_best():
    tasks = fa.task_set("own", "univariate", [3], 2).tasks
    found = fa.audit(true_means, tasks)
    assert found.accuracy == found.table["accuracy"].max()


@pytest.mark.parametrize("answer", [1.0, [1.0], [np.nan, 0.0, 0.0], np.zeros((3, 1))])
def test_a_method_that_answers_something_else_is_refused(answer):
    tasks = fa.task_set("own", "univariate", [3], 1).tasks
    with pytest.raises(ValueError, match="expected 3 finite numbers, one a feature"):
        fa.audit(lambda f, x, b: answer, tasks)


def test_an_audit_without_tasks_is_refused():
    with pytest.raises(ValueError, match="no task to audit on"):
        fa.audit(true_means, [])


def test_an_explainer_cannot_change_the_task():
    (task,) = fa.task_set("own", "univariate", [3], 1).tasks
    before = task.points.copy()

    def vandal(function, point, background):
        background[:], point[:] = 0, 0
        return point

    fa.audit(vandal, [task])
    assert (task.points == before).all()


# -- the paper's own tasks --------------------------------------------------------------------------

needs_tasks = pytest.mark.skipif(
    not fa.data.available(),
    reason="not checkable here: no source on this machine has functional_attribution_tasks",
)


@needs_tasks
def test_on_the_papers_tasks_exact_methods_score_as_in_the_rerun():
    # A rerun of the authors' code on the same tasks (ledger, claim R1), to the digits that it printed.
    tasks, keys = fa.task_set("published", "multivariate", range(2, 12), 10)
    found = fa.contest(tasks, keys, methods={}).table(fa.data.published_levels())
    means, theirs = (
        found.groupby("method")[["stated", "property"]].mean(),
        fa.data.rerun_table("multivariate"),
    )
    for method in EXACT_SELECTORS:
        assert means.loc[method, "stated"] == approx(theirs.loc[method, "accuracy"], abs=0.01)
        assert (
            abs(means.loc[method, "property"] - theirs.loc[method, "property"])
            <= theirs.loc[method, "property_half"]
        )


@needs_tasks
@pytest.mark.parametrize(
    ("kind", "other"), [("univariate", "star"), pytest.param("multivariate", "property")]
)
def test_gradients_and_conditional_means_score_as_in_the_rerun_to_its_digits(kind, other):
    # The rerun printed two or three digits; what draws nothing must agree to the last of them.
    found = fa.experiments.rerun.rerun(kind)
    digit = 0.0006 if kind == "univariate" else 0.006
    for method in ("gam", "gradient", "gradient_x_input", "integrated_gradients"):
        assert found.loc[method, "accuracy"] == approx(found.loc[method, "accuracy_theirs"], abs=digit)
        assert found.loc[method, other] == approx(found.loc[method, f"{other}_theirs"], abs=digit)


@needs_tasks
def test_brute_force_agrees_with_every_univariate_task_of_the_paper():
    tasks = fa.data.published_tasks("univariate", range(2, 12), range(0, 101, 4))
    found = fa.data.stated_against_truth(list(tasks.values()))
    assert (found["right"], found["several"]) == (1, 0)


@needs_tasks
def test_a_task_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"no task \('univariate', 12, 1\)"):
        fa.data.published_tasks("univariate", [12], [1])


def test_a_rerun_of_something_else_is_refused():
    with pytest.raises(ValueError, match="kind is 'tuning', expected one of univariate, multivariate"):
        fa.experiments.rerun.rerun("tuning")


def test_a_strange_source_or_kind_is_refused():
    with pytest.raises(ValueError, match="source is 'theirs'"):
        fa.task_set("theirs", "univariate", [2], 1)
    with pytest.raises(ValueError, match="kind is 'bivariate'"):
        fa.task_set("own", "bivariate", [2], 1)


# -- figures and trial ------------------------------------------------------------------------------


def test_figures_take_data_and_axes_and_return_the_axes(small):
    levels = fa.data.published_levels()
    table, relation = small.table(levels), fa.figure_relation()
    means = fa.summary(table, "accuracy")
    both = table.groupby("method")[["accuracy", "property"]].mean()
    sizes = small.by_size("gam", 0.5).groupby("size")["accuracy"].mean().to_frame("gam").T
    drawn = [
        lambda ax: fa.figures.plot_relation(relation, ax, known=[0], answers=True),
        lambda ax: fa.figures.plot_projection(relation, 1, ax),
        lambda ax: fa.figures.plot_confidences(small.tasks[0], small.tasks[0].points[0], 0.7, ax),
        lambda ax: fa.figures.plot_pairs(means["low"], means["high"], ("low", "high"), ax),
        lambda ax: fa.figures.plot_task(fa.multivariate_task(2, 2, np.random.default_rng(0)), ax, n_steps=20),
        lambda ax: fa.figures.plot_methods(means, ax),
        lambda ax: fa.figures.plot_accuracy_property(both, ax),
        lambda ax: fa.figures.plot_sweeps({"gam": small.sweep("gam")}, levels, ax),
        lambda ax: fa.figures.plot_by_size(sizes, ax),
        lambda ax: fa.figures.plot_trend(table, "features", ["gam"], ax),
    ]
    for draw in drawn:
        figure, ax = plt.subplots()
        assert draw(ax) is ax
        figure.canvas.draw()
        plt.close(figure)


def test_the_trial_names_what_decides(tmp_path):
    table = tmp_path / "fruit.csv"
    table.write_text(
        "colour,size,kind\nred,big,apple\nred,small,cherry\ngreen,big,apple\ngreen,small,grape\n"
    )
    said = trial.run(str(table))
    assert "Decides everywhere, and contains no smaller set that does: {colour, size}." in said
    assert "{size}: enough at 2 rows" in said


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "has 0 rows, expected 2 or more"),
        ("a,b\n1,2\n", "has 1 rows below its header, expected 2 or more"),
        ("a\n1\n2\n", "has 1 columns"),
        ("a,b\n1,2\n3\n", "line 3: 1 cells, expected 2"),
    ],
)
def test_a_strange_table_is_refused_by_the_trial(tmp_path, content, message):
    (tmp_path / "x.csv").write_text(content)
    with pytest.raises(ValueError, match=message):
        trial.run(str(tmp_path / "x.csv"))


def test_a_missing_table_is_refused_by_the_trial(tmp_path):
    with pytest.raises(ValueError, match="is no file; give a CSV"):
        trial.run(str(tmp_path / "none.csv"))


def test_the_command_line_finds_the_trial(tmp_path):
    table = tmp_path / "xor.csv"
    table.write_text("a,b,out\n0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n")
    done = CliRunner().invoke(app, ["try", "functional_attribution", str(table)])
    assert done.exit_code == 0, done.output
    assert "contains no smaller set that does: {a, b}." in done.output
    assert "all columns: 0%" in done.output
