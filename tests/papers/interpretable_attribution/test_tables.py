"""Tables: the classifier, the two public tables, and what explains their rows."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from soundreasons import data
from soundreasons.papers.interpretable_attribution import experiments
from soundreasons.papers.interpretable_attribution.data import tables
from soundreasons.papers.interpretable_attribution.experiments import table_classifier

QUICK = table_classifier.TableTraining(hidden=(16, 8), epochs=40, batch_size=64, learning_rate=1e-2)


def told_by_group(n=900, seed=0):
    """Outcome: sign of column 0 where column 2 is above zero, else tossed by the pair (0, 1)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    return x, (x[:, 0] > 0).astype(int)


def test_a_classifier_finds_the_group_that_tells():
    x, y = told_by_group()
    model = table_classifier.RestrictedClassifier([[0], [1, 2]], [(0,), (1,), (0, 1)], QUICK).fit(
        x[:600], y[:600]
    )
    told = model.explain(x[600:])
    assert (told.subset == 0).mean() > 0.8
    assert told.weights.sum(axis=1) == pytest.approx(np.ones(300), abs=1e-5)
    assert ((model.predict_proba(x[600:]) > 0.5) == y[600:]).mean() > 0.93
    assert told.groups[:, 0].mean() > told.groups[:, 1].mean()


def test_balanced_batches_are_corrected_back_to_the_base_rate():
    # Nothing can be told: the mean probability must be the base rate, not one half.
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2000, 2)), (rng.random(2000) < 0.1).astype(int)
    short = table_classifier.TableTraining(hidden=(4,), epochs=5, batch_size=128)
    for model in (
        table_classifier.RestrictedClassifier([[0], [1]], [(0,), (0, 1)], short),
        table_classifier.PlainClassifier(2, [8], short),
    ):
        assert model.fit(x, y).predict_proba(x).mean() == pytest.approx(0.1, abs=0.05)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([[1.0, 2.0], [1.0, np.nan]], [0, 1], r"first in row 1, column 1"),
        ([[1.0, 2.0], [1.0, 3.0]], [0, 2], "label 1 is 2, expected 0 or 1"),
        ([[1.0, 2.0], [1.0, 3.0]], [1, 1], "all 2 labels are 1"),
        ([[1.0, 2.0], [1.0, 3.0]], [1], "x has 2 rows and y 1"),
        ([1.0, 2.0], [0, 1], r"x has shape \(2,\)"),
    ],
)
def test_a_table_that_cannot_be_learned_is_refused(x, y, message):
    model = table_classifier.RestrictedClassifier([[0], [1]], [(0,), (0, 1)], QUICK)
    with pytest.raises(ValueError, match=message):
        model.fit(np.array(x), y)


def test_encoding_keeps_groups_apart_and_joins_rare_words():
    frame = pd.DataFrame({"age": [1.0, 2, 3, 4], "job": ["a", "a", "a", "b"], "gain": [0, 1, 2, 3]})
    table, places = tables.encode(frame, {"person": ["age", "job"], "money": ["gain"]}, rare=0.3)
    assert list(table.columns) == ["age", "job=a", "job=other", "gain"]
    assert places == [[0, 1, 2], [3]]


@pytest.mark.parametrize("name", ["online_shoppers", "adult_census"])
def test_the_real_tables_hold_the_levels_of_single_groups(name):
    if not data.available(name):
        pytest.skip(f"{name} is not on this machine (not checkable here)")
    table = tables.grouped_table(name)
    assert sorted(column for group in table.groups for column in group) == list(range(table.x.shape[1]))
    assert len(table.y) == {"online_shoppers": 12330, "adult_census": 32561}[name]
    # Known levels, measured apart with scikit-learn: logistic regression on one group.
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.preprocessing import StandardScaler

    known = {"online_shoppers": (1, 0.888), "adult_census": (3, 0.781)}[name]
    x = StandardScaler().fit_transform(table.x[:, table.groups[known[0]]])
    model = LogisticRegression(max_iter=300).fit(x[::2], table.y[::2])
    assert roc_auc_score(table.y[1::2], model.decision_function(x[1::2])) == pytest.approx(known[1], abs=0.02)


def three_group_table():
    """Forty rows, three groups of one column; the subsets do not divide the groups evenly."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3))
    y = np.arange(40) % 2
    subsets = [(0,), (1,), (0, 1), (0, 1, 2)]
    return tables.GroupedTable("made up", x, y, [[0], [1], [2]], ["a", "b", "c"], subsets, ["a", "b", "c"])


class Recorded:
    """Stands in for a classifier: keeps what it was made with, and answers as told."""

    made: ClassVar[list[Recorded]] = []

    def __init__(self, *given, seed, device):
        self.given = given
        self.subsets = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, 1, 1]], dtype=bool)
        self.made.append(self)

    def fit(self, x, y):
        self.n_rows = len(x)
        return self

    def predict_proba(self, x):
        return np.where(x[:, 0] > 0, 0.8, 0.2)

    def explain(self, x):
        subset = np.where(x[:, 0] > 0, 2, 3)
        outputs = np.stack([x[:, 0], -x[:, 0], x[:, 1], x[:, 2]], axis=1)
        return table_classifier.Explanation(subset, np.full((len(x), 4), 0.25), np.ones((len(x), 3)), outputs)


@pytest.fixture
def recorded(monkeypatch):
    monkeypatch.setattr(Recorded, "made", [])
    monkeypatch.setattr(experiments.tables, "RestrictedClassifier", Recorded)
    monkeypatch.setattr(experiments.tables, "PlainClassifier", Recorded)
    return Recorded.made


def test_the_plain_rival_has_as_many_units_as_all_experts_together(recorded):
    table, training = three_group_table(), table_classifier.TableTraining(hidden=(32, 16))
    experiments.tables.run_table(table, 0, training, has_additive=False)
    experts, plain = recorded
    assert experts.given == (table.groups, table.subsets, training)
    # Four experts of 32 and 16 units.
    assert plain.given == (3, [128, 64], training)
    assert experts.n_rows == plain.n_rows == 30


def test_a_run_of_a_table_scores_the_rows_held_out(recorded):
    table = three_group_table()
    found = experiments.tables.run_table(table, 0, table_classifier.TableTraining(), has_additive=False)
    assert sorted(found.rows.tolist()) == sorted(set(found.rows.tolist()))
    assert len(found.rows) == 10
    x, y = table.x[found.rows], table.y[found.rows]
    is_high = x[:, 0] > 0
    assert found.scores["accuracy_experts"] == pytest.approx((is_high == y).mean())
    # An expert alone is judged by its output, the second by the first turned round.
    assert found.scores["auc_subset_0"] == pytest.approx(1 - found.scores["auc_subset_1"])
    # Above zero two groups of three explain, below all three.
    assert found.scores["size"] == pytest.approx((is_high * 2 + ~is_high * 3).mean() / 3)
    assert "auc_additive" not in found.scores


def test_the_additive_rival_is_taken_along_where_asked(recorded, monkeypatch):
    monkeypatch.setattr(experiments.tables, "additive_model", lambda x, y, x_test, seed: x_test[:, 0])
    table = three_group_table()
    found = experiments.tables.run_table(table, 0, table_classifier.TableTraining())
    # It ranks as the stand-in of the first expert does.
    assert found.scores["auc_additive"] == found.scores["auc_subset_0"]


def test_an_additive_model_learns_a_curve():
    pytest.importorskip("interpret")
    x = np.random.default_rng(0).normal(size=(400, 2))
    found = experiments.tables.additive_model(x, (np.abs(x[:, 0]) > 0.7).astype(int), np.eye(2) * 3, 0)
    assert found[0] > 0.8 > 0.2 > found[1]


def test_rows_are_counted_by_the_subset_that_explains_them():
    table = three_group_table()
    explanation = table_classifier.Explanation(
        np.array([0, 0, 3, 3]), np.array([[0.7, 0.1, 0.1, 0.1]] * 4), np.ones((4, 3)), np.zeros((4, 4))
    )
    run = experiments.tables.TableRun(
        {}, explanation, np.array([0.9, 0.2, 0.9, 0.9]), np.array([1, 1, 0, 1]), np.arange(4)
    )
    counted = experiments.tables.explaining_subsets(table, run)
    assert counted["subset"].tolist() == table.subset_names == ["a", "b", "a + b", "all"]
    assert counted["rows, %"].tolist() == [50, 0, 0, 50]
    assert counted.iloc[0, 2:].tolist() == pytest.approx([50, 100, 50, 0.7])
    assert counted.iloc[3, 2:].tolist() == pytest.approx([100, 50, 50, 0.1])
    by_outcome = experiments.tables.by_outcome(table, run)
    assert by_outcome["outcome 0"].tolist() == [0, 0, 0, 100]
    assert by_outcome["outcome 1"].tolist() == pytest.approx([200 / 3, 0, 0, 100 / 3])


def test_a_table_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="table is 'wine', expected one of online_shoppers, adult_census"):
        tables.grouped_table("wine")


def test_tables_are_compared_by_area_and_its_cost():
    explanation = table_classifier.Explanation(
        np.zeros(1, dtype=int), np.zeros((1, 2)), np.ones((1, 1)), np.zeros((1, 2))
    )
    scores = {
        "auc_experts": 0.9,
        "auc_plain": 0.93,
        "auc_additive": 0.95,
        "auc_subset_0": 0.6,
        "auc_subset_1": 0.92,
    }
    scores |= {"accuracy_experts": 0.8, "accuracy_plain": 0.81, "accuracy_additive": 0.82}
    run = experiments.tables.TableRun(
        scores, explanation, np.ones(1), np.ones(1, dtype=int), np.zeros(1, dtype=int)
    )
    found = experiments.tables.compare({"shop": [run]})
    # The full expert is the last one; experts lose three points to the plain network.
    assert found.loc[0, ["table", "full_expert", "cost"]].tolist() == ["shop", 0.92, 3.0]
    areas = {f"auc.shop.{model}": model.upper() for model in ("experts", "plain", "additive")}
    models = experiments.tables.by_model(found, areas)
    assert models.iloc[2].tolist() == ["shop", "additive", "ADDITIVE", 0.82]
