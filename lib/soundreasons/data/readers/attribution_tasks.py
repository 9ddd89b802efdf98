"""Tasks with a known correct selection (Afchar, Guigue, Hennequin, 2021).

Chapter: functional_attribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder
from soundreasons.data.readers import pickles

SETS = ("univariate", "multivariate", "tuning")
MOST_FEATURES = 11


@dataclass(frozen=True)
class AttributionTasks:
    """Labelled points of 2,130 synthetic tasks.

    Attributes
    ----------
    name : str
        Name in the registry.
    points : DataFrame
        One row a point: `set` (univariate, multivariate or tuning), `features` (int, 2 to 11), `task`
        (int, number among those of the set and number of features), `point` (int, place in the
        task), `label` (0 or 1), `shape` (int, 0 in univariate tasks), `selection` (int, the stated
        features as bits, feature 0 lowest), `x0` to `x10` (coordinates; missing beyond `features`).
    """

    name: str
    points: pd.DataFrame


def read_tasks(folder: Folder) -> AttributionTasks:
    """Read the three files; only arrays and numbers are let out of the pickles."""
    tables = [
        _task_table(name, key, value)
        for name in SETS
        for key, value in pickles.read_object_array(folder.path(f"{name}.npy")).items()
    ]
    columns = {
        column: np.concatenate([table[column] for table in tables])
        for column in ("set", "features", "task", "point", "label", "shape", "selection")
    }
    coordinates = np.concatenate([table["x"] for table in tables])
    columns |= {f"x{feature}": coordinates[:, feature] for feature in range(MOST_FEATURES)}
    return AttributionTasks(folder.name, pd.DataFrame(columns))


def _task_table(name: str, key: str, value: Any) -> dict[str, NDArray[Any]]:
    n_features, number = map(int, key.split("_"))
    points, labels = np.asarray(value[0], dtype=np.float64), np.asarray(value[1]).astype(np.int64)
    n_points = len(points)
    if points.shape != (len(labels), n_features):
        raise DataError(f"{name} {key} has points {points.shape} and {len(labels)} labels")
    x = np.full((n_points, MOST_FEATURES), np.nan)
    x[:, :n_features] = points
    if name == "univariate":
        selection, shape = 1 << np.asarray(value[2]).astype(np.int64), np.zeros(n_points, dtype=np.int64)
    else:
        selection = np.array([sum(1 << int(feature) for feature in stated) for stated in value[2]])
        shape = np.empty(n_points, dtype=np.int64)
        for place, members in enumerate(value[3]):
            shape[np.asarray(members, dtype=np.int64)] = place
    return {
        "set": np.full(n_points, name, dtype=object),
        "features": np.full(n_points, n_features),
        "task": np.full(n_points, number),
        "point": np.arange(n_points),
        "label": labels,
        "shape": shape,
        "selection": selection,
        "x": x,
    }
