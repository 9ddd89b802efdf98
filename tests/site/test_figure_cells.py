"""A cell that shows a figure gives one numbered figure, whatever else it printed."""

from __future__ import annotations

from types import SimpleNamespace

import nbformat

from soundreasons.site import compose


def output(kind, data, mark=None):
    metadata = {"soundreasons": mark} if mark else {}
    return nbformat.v4.new_output(kind, data, metadata=metadata)


def test_the_value_of_the_last_line_is_no_second_figure():
    mark = {"kind": "figure", "name": "spikes", "caption": "Spikes.", "alt": "Rays."}
    cell = nbformat.v4.new_code_cell("run.figure(fig)\nrun.measure('a', 1.0)")
    cell.outputs = [
        output("display_data", {"image/png": "", "text/plain": "Rays."}, mark),
        output("execute_result", {"text/plain": "Measure(values=[1.0])"}),
    ]
    (page_cell,) = compose._page_cells(SimpleNamespace(slug="demo"), cell)
    assert [o.output_type for o in page_cell.outputs] == ["display_data"]
    assert page_cell.metadata["mystnb"]["figure"]["name"] == "fig-demo-spikes"


def test_without_a_figure_the_value_is_shown():
    cell = nbformat.v4.new_code_cell("1 + 1")
    cell.outputs = [output("execute_result", {"text/plain": "2"})]
    (page_cell,) = compose._page_cells(SimpleNamespace(slug="demo"), cell)
    assert len(page_cell.outputs) == 1
