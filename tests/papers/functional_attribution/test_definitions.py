"""The definitions on examples small enough to reckon by hand: "or" without (1, 1), "exclusive or"."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from soundreasons import data
from soundreasons.papers import functional_attribution as fa

approx = pytest.approx


@pytest.fixture
def either():
    return fa.MixtureTask([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]], [0, 1, 1])


@pytest.fixture
def exclusive():
    return fa.MixtureTask([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])


def test_confidence_is_the_larger_of_a_conditional_mean_and_its_complement(either):
    # Columns: nothing known, the first, the second, both.
    expected = [[2 / 3, 1 / 2, 1 / 2, 1], [2 / 3, 1 / 2, 1, 1], [2 / 3, 1, 1 / 2, 1]]
    assert fa.method.confidence(either) == approx(np.array(expected), abs=1e-9)


def test_the_smallest_confident_set_is_selected(either):
    assert fa.most_confident(either, 0.76).astype(int).tolist() == [[1, 1], [0, 1], [1, 0]]


@pytest.mark.parametrize(("largest", "n_selected"), [(5, 0), (1, 1), (2, 2)])
def test_where_nothing_is_confident_a_truncated_method_answers_and_the_whole_one_does_not(
    exclusive, largest, n_selected
):
    assert (fa.most_confident(exclusive, 1.0, largest=largest).sum(axis=1) == n_selected).all()


def test_the_boosted_mixture_stops_at_the_first_size_that_weighs_enough(either):
    # Weights at (0, 0): each feature alone 0, both 1 - 1/9; at (0, 1): the second alone 1 - 1/9.
    assert fa.method.boosted(either, 0.8).astype(int).tolist() == [[1, 1], [0, 1], [1, 0]]
    assert fa.method.mixture_weights(either)[:, 3] == approx([8 / 9, 0, 0], abs=1e-9)


def test_an_island_of_features_that_interact_is_taken_whole(exclusive):
    # Alone no feature moves the mean from one half; the pair moves it to 0 or 1.
    assert fa.method.archipelago(exclusive, 0.5).all()


def test_sufficient_and_minimal_sets_by_hand(either):
    assert either.sufficient.astype(int).tolist() == [[0, 0, 0, 1], [0, 0, 1, 1], [0, 1, 0, 1]]
    assert either.minimal.astype(int).tolist() == [[0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]]


def test_a_point_breaks_the_property_where_its_like_asks_for_more():
    task = fa.MixtureTask([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0, 1, 1])
    assert fa.method.keeps_property(task, [{0}, {0, 1}, {0}]).tolist() == [False, True, True]


def test_ishigamis_function_at_points_where_its_sines_are_zero_or_one():
    x = np.array([[np.pi / 2, np.pi / 2, 0.0], [np.pi / 2, 0.0, 1.0], [0.0, 0.0, 3.0]])
    assert fa.experiments.knowing_more.ishigami(x) == approx([1 + 7, 1 + 0.1, 0])


def test_a_table_that_ships_stands_in_where_none_can_be_had(monkeypatch):
    monkeypatch.setattr(data, "available", lambda name: name == "adult_census")
    assert fa.data.tables_here(["online_shoppers", "adult_census"]) == ["adult_census"]
    assert fa.data.tables_here(["online_shoppers"]) == ["breast_cancer"]


def test_a_collection_is_described_by_its_counts(either, exclusive):
    told = fa.data.describe(fa.data.TaskSet([either, exclusive], [(2, 0), (2, 10)]))
    assert told[["tasks", "points", "points a task", "most", "subsets in all"]].tolist() == [2, 7, 3.5, 2, 28]
    assert told["mean label"] == approx(4 / 7)
    assert told["features that decide"] == approx((2 + 1 + 1 + 4 * 2) / 7)


def test_a_contest_names_its_methods_and_gives_one_feature_to_those_told_so(either):
    methods = {"gam": fa.attributions["gam"]}
    run = fa.contest([either], [(2, 0)], methods=methods, selectors={"fanova": fa.EXACT_SELECTORS["fanova"]})
    assert run.methods == ["gam", "fanova"]
    assert run.star("gam")[0][1:].astype(int).tolist() == [[0, 1], [1, 0]]
    assert run.star("fanova")[0][1:].astype(int).tolist() == [[0, 1], [1, 0]]


def test_the_sentence_of_an_audit_says_what_was_found():
    nothing = pd.Series(dtype=float)
    found = fa.experiments.audit.Audit(
        0.25, 0.9, nothing, nothing, pd.DataFrame(), 0.3, nothing, n_tasks=2, n_points=40
    )
    told = found.sentence()
    assert "does not find" in told
    assert "40 points of 2 tasks" in told
    assert "(0.30)" in told
    assert "at 25% of the points" in told
    assert "At 10% it contradicts itself" in told


def test_learned_selectors_are_drawn_at_what_they_predict_and_select():
    table = pd.DataFrame({"method": ["l2x", "invase"], "predictor": [0.7, 0.9], "selection": [0.5, 0.1]})
    _, ax = plt.subplots()
    drawn = fa.figures.plot_learned(table, ax).get_lines()
    assert drawn[0].get_xydata().tolist() == [[0.7, 0.5]]
    assert drawn[1].get_xydata().tolist() == [[0.9, 0.1]]
    plt.close("all")


def test_curves_of_what_is_left_open_pass_through_the_best_of_each_size():
    gaps = pd.DataFrame({"size": [0, 1, 1], "seen": [1.0, 0.4, 0.3], "unseen": [1.0, 0.5, 0.6]})
    _, ax = plt.subplots()
    best = (
        fa.experiments.real_data.best_of_size(gaps, "seen"),
        fa.experiments.real_data.best_of_size(gaps, "unseen"),
    )
    curves = fa.figures.plot_gap(gaps, *best, ax).get_lines()[2:]
    assert curves[0].get_xydata().tolist() == [[0, 1.0], [1, 0.3]]
    assert curves[1].get_xydata().tolist() == [[0, 1.0], [1, 0.5]]
    plt.close("all")
