"""The map of concept vectors: a family's name belongs to its own mark."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from soundreasons.papers import concept_hierarchies as ch


@pytest.mark.parametrize(
    ("own", "place"),
    [(np.array([False, False, True]), (9.0, 5.0)), (np.zeros(3, dtype=bool), (1.0, 1.0))],
    ids=["above its own mark", "amid its members where it has none"],
)
def test_the_name_of_a_family_stands_at_its_mark(own, place):
    positions = np.array([[0.0, 0.0], [1.0, 1.0], [9.0, 5.0]])
    figure, ax = plt.subplots()
    ch.figures.plots.plot_map(positions, np.zeros(3, dtype=int), {0: "Strings"}, own, ax)
    (text,) = ax.texts
    assert text.get_text() == "Strings"
    assert tuple(text.xy) == place
    plt.close(figure)
