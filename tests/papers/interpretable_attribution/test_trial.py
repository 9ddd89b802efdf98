"""The trial on a table of one's own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from soundreasons.papers.interpretable_attribution import trial


def told_by_group(n=900, seed=0):
    """Outcome: sign of column 0 where column 2 is above zero, else tossed by the pair (0, 1)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    return x, (x[:, 0] > 0).astype(int)


def test_the_trial_finds_the_group_that_tells(tmp_path):
    x, y = told_by_group(600)
    table = pd.DataFrame(
        {"good:a": x[:, 0], "idle:b": x[:, 1], "idle:c": x[:, 2], "y": np.where(y, "yes", "no")}
    )
    path = tmp_path / "own.csv"
    table.to_csv(path, index=False)
    text = trial.run(str(path), tmp_path / "out")
    assert "600 rows, 2 groups" in text
    lines = [line.strip().split(":") for line in text.splitlines() if line.startswith("  ")]
    shares = {name: float(rest.split("%")[0]) for name, rest in lines}
    assert max(shares, key=shares.get) == "good"
    assert len(pd.read_csv(tmp_path / "out" / "own-explained.csv")) == 150


def test_a_table_of_ones_own_is_read_with_its_groups_and_gaps(tmp_path):
    path = tmp_path / "own.csv"
    rows = ["1,u,0,yes", "2,,1,no", ",v,0,no"] * 20
    path.write_text("\n".join(["who:age,who:job,sum,bought", *rows]))
    frame, groups, y, positive = trial.read_table(path)
    assert groups == {"who": ["who:age", "who:job"], "sum": ["sum"]}
    # The rarer answer counts as one; a missing number is the median of 1 and 2, a missing word its own.
    assert (positive, y[:3].tolist()) == ("yes", [1, 0, 0])
    assert frame.iloc[2].tolist() == [1.5, "v", 0]
    assert frame.iloc[1, 1] == "missing"
    assert frame.index[:2].tolist() == [2, 3]  # lines of the file


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "has 0 rows"),
        ("a,b,y\n1,2,0\n", "has 1 rows below its header, expected 50 or more"),
        ("a,b,y\n" + "1,2,0\n" * 60, "has 1 values and 0 gaps"),
        ("g:a,g:b,y\n" + "1,2,0\n3,4,1\n" * 60, "names 1 groups, expected 2 to 12"),
    ],
)
def test_a_table_of_ones_own_that_cannot_be_used_is_refused(content, message, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        trial.run(str(path))
    with pytest.raises(ValueError, match="is no file"):
        trial.run(str(tmp_path / "nowhere.csv"))
