"""The picture of the floors, on graphs whose floors are known, and on the library itself."""

from __future__ import annotations

import networkx as nx
import pytest

from soundreasons.site import architecture

HOUSE = nx.DiGraph([("roof", "wall"), ("wall", "ground"), ("roof", "ground"), ("shed", "ground")])


def test_a_room_stands_one_floor_above_the_highest_that_it_stands_on():
    assert architecture.floors(HOUSE) == [["ground"], ["shed", "wall"], ["roof"]]


def test_a_circle_is_named():
    with pytest.raises(ValueError, match="in a circle"):
        architecture.floors(nx.DiGraph([("a", "b"), ("b", "a")]))


def test_imports_of_the_library_are_read_and_no_floor_below_knows_a_paper():
    rooms = architecture.rooms()
    assert {"claims", "results"} <= set(rooms.successors("chapter"))
    assert list(rooms.predecessors("papers")) == []
    assert set(rooms.successors("papers")) <= {
        "data",
        "learning",
        "ledger",
        "media",
        "naming",
        "given",
        "trying",
        "markup",
    }


def test_the_page_shows_a_picture_that_says_its_floors_and_a_row_a_room():
    page = architecture.page(HOUSE)
    assert "3 floors" in page
    assert "* - `roof`" in page
    assert "  - `ground`, `wall`" in page
    assert architecture.picture(HOUSE).startswith(b"\x89PNG")
