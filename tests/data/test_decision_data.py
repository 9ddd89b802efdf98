"""Readers of the attribution tasks and of the two decision tables."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder
from soundreasons.data.readers import attribution_tasks, decision_tables, pickles


def _object_file(path, value):
    np.save(path, np.array(value, dtype=object), allow_pickle=True)
    return path


def test_a_pickled_array_that_asks_for_a_program_is_refused(tmp_path):
    class Program:
        def __reduce__(self):
            return (print, ("ran",))

    with pytest.raises(DataError, match=r"asks for builtins\.print"):
        pickles.read_object_array(_object_file(tmp_path / "x.npy", Program()))


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01\x00v\x00{", pickle.dumps({})])
def test_a_damaged_array_file_is_refused_by_name(tmp_path, content):
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.npy is no pickled object"):
        pickles.read_object_array(tmp_path / "x.npy")


def test_a_plain_array_is_no_task_file(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(3.0))
    with pytest.raises(DataError, match="holds an array of shape"):
        pickles.read_object_array(tmp_path / "x.npy")


def test_two_written_tasks_are_read_back(tmp_path):
    # By hand: a univariate pair that differs in feature 1; two shapes of which the second has one selection.
    pair = {"2_0": (np.array([[0.0, 1.0], [0.0, 2.0]]), np.array([0.0, 1.0]), np.array([1.0, 1.0]))}
    shapes = {"2_7": (np.eye(2), np.array([1.0, 0.0]), [[0, 1], [1]], [[1], [0]])}
    files = {"univariate": pair, "multivariate": shapes, "tuning": shapes}
    paths = {f"{name}.npy": _object_file(tmp_path / f"{name}.npy", value) for name, value in files.items()}
    points = attribution_tasks.read_tasks(Folder("tiny", paths)).points
    assert points["selection"].tolist() == [2, 2, 3, 2, 3, 2]
    assert points["shape"].tolist() == [0, 0, 1, 0, 1, 0]
    assert points.loc[2, ["set", "features", "task", "point", "label"]].tolist() == [
        "multivariate",
        2,
        7,
        0,
        1,
    ]
    assert points["x2"].isna().all()


def test_the_published_tasks_are_as_counted_elsewhere(real):
    # Counts taken from the files by another program: tasks, points, shapes.
    points = real("functional_attribution_tasks").points
    tasks = points.groupby("set")[["features", "task"]].apply(lambda part: len(part.drop_duplicates()))
    assert tasks.to_dict() == {"univariate": 1010, "multivariate": 1010, "tuning": 110}
    sizes = points["set"].value_counts()
    assert sizes.to_dict() == {"multivariate": 39_441, "univariate": 18_296, "tuning": 4_354}
    shapes = points[points["set"] == "multivariate"][["features", "task", "shape"]].drop_duplicates()
    assert len(shapes) == 5_610


def test_the_census_is_read_with_and_without_a_header(tmp_path):
    cells = ["39", "State-gov", "77516", "Bachelors", "13", "Never-married", "?", "Not-in-family"]
    row = ", ".join([*cells, "White", "Male", "2174", "0", "40", "Peru", "<=50K"])
    (tmp_path / "plain.csv").write_text(row + "\n")
    header = ",".join(decision_tables._ADULT_COLUMNS)
    (tmp_path / "headed.csv").write_text(header + "\n" + row.replace(", ", ",") + "\n")
    tables = [
        decision_tables.read_adult(Folder("tiny", {"adult.csv": tmp_path / name})).people
        for name in ("plain.csv", "headed.csv")
    ]
    assert tables[0].equals(tables[1])
    assert tables[0].loc[0, ["age", "occupation", "income"]].tolist() == [39, "?", "<=50K"]


def test_the_census_has_the_publishers_shares(real):
    # The publisher's notes: 32,561 rows, 24.08 % above 50 thousand dollars.
    people = real("adult_census").people
    assert (people["income"] == ">50K").sum() == 7_841
    assert (people["workclass"] == "?").sum() == 1_836


def test_the_visits_have_the_publishers_shares(real):
    # The publisher's page: 1,908 of 12,330 visits end in a purchase.
    visits = real("online_shoppers").visits
    assert (len(visits), int(visits["Revenue"].sum())) == (12_330, 1_908)
