"""Each chapter's package and page, against the plan of the house; and the measuring itself."""

from __future__ import annotations

import ast

import pytest

from soundreasons import project
from support import house

SLUGS = project.slugs()


@pytest.mark.parametrize("slug", SLUGS)
def test_a_package_has_the_rooms_of_the_plan(slug):
    assert house.room_faults(house.package(slug)) == []


@pytest.mark.parametrize("slug", SLUGS)
def test_every_public_function_is_named_in_a_test_or_has_an_example_that_runs(slug):
    in_tests = house.named(house.trees_of_tests(slug))
    assert house.untested(house.modules(house.package(slug)), in_tests) == []


@pytest.mark.parametrize("slug", SLUGS)
def test_the_method_says_its_shapes_its_errors_and_an_example(slug):
    assert house.method_faults(house.modules(house.package(slug))) == []


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_shows_the_method_first_and_reports_in_a_fifth_of_its_lines_at_most(slug):
    assert house.page_faults(house.page(slug)) == []


# --- the measuring ----------------------------------------------------------------------------------------

PAGE = """## Method

```python
not_a_cell()
```

## The method in code

```{code-cell} ipython3
run.source(x.first)
```

```{code-cell} ipython3
:tags: [hide-input]

run.source(x.second)
run.source(x.third)
```

## Experiments
"""


def test_cells_are_found_with_their_section_and_without_options():
    assert house.cells(PAGE) == [
        ("The method in code", "run.source(x.first)"),
        ("The method in code", "run.source(x.second)\nrun.source(x.third)"),
    ]


def test_a_cell_that_is_not_closed_is_refused():
    with pytest.raises(ValueError, match="'Data' is not closed"):
        house.cells("## Data\n```{code-cell} ipython3\nx = 1\n")


def test_a_page_needs_three_cells_that_show_a_source():
    assert house.page_faults(PAGE) == ["2 cells show a source with run.source, at least 3"]


def test_a_page_whose_method_comes_late_or_never_is_at_fault():
    late = "## Experiments\n## The method in code\n"
    assert house.page_faults(late)[0] == "'The method in code' stands behind the experiments"
    assert house.page_faults("## Experiments\n")[0] == "no section 'The method in code'"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = f(1)\n\n# a comment\nrun.measure('a', x)", (1, 2)),
        ("run.measure(\n    'a',\n    f(1),\n)", (4, 4)),
        # A loop that only reports reports with its head; one that computes too does not.
        ("for n in names:\n    run.measure(n, found[n])", (2, 2)),
        ("for n in names:\n    y = f(n)\n    run.measure(n, y)", (1, 3)),
        # A caption and a frame for the table alone; a frame that is computed with.
        ("caption = 'A'\nframe = pd.DataFrame(rows)\nrun.table(frame, 't', caption=caption)", (3, 3)),
        ("frame = pd.DataFrame(rows)\nrun.table(frame, 't')\nbest = frame.max()", (1, 3)),
        ("frame = pd.DataFrame(rows)\nframe['x'] = 1\nrun.table(frame, 't')", (3, 3)),
        ("fig, ax = plt.subplots()\nx.plot(a, ax)\nrun.figure(fig, 'f', caption='c', alt='a')", (1, 3)),
        ("if here:\n    run.sound(s, 8)\nelse:\n    z = f()", (1, 4)),
        ("run.source(f)\nrun.verdicts()", (1, 2)),
        ("%matplotlib inline\nx = 1", (0, 1)),
    ],
)
def test_reporting_lines_are_counted_as_by_hand(code, expected):
    assert house.reporting_lines([code]) == expected


def test_a_frame_shown_in_one_cell_and_computed_with_in_another_is_no_reporting():
    assert house.reporting_lines(["t = pd.DataFrame(r)\nrun.table(t, 't')", "u = g(t)"]) == (1, 3)


MODULE = '''
class Record(NamedTuple):
    x: int

    def doubled(self): ...


class Model(nn.Module):
    """A model.

    >>> Model().named_in_example()
    """

    def __init__(self): ...

    def forward(self, x): ...

    def named_in_example(self): ...

    def forgotten(self): ...


def tested(): ...


def shown():
    """Show.

    >>> shown()
    """


def untested(): ...


def _private(): ...
'''


def test_what_no_test_names_and_no_example_runs_is_found():
    trees = {"m": ast.parse(MODULE)}
    in_tests = house.named({"t": ast.parse("from p import tested\nModel().fit(); x.doubled()")})
    assert house.untested(trees, in_tests) == ["m.Model.forgotten", "m.untested"]


METHOD = '''
def whole(x: int) -> int:
    """Whole.

    Parameters
    ----------
    x : int

    Returns
    -------
    int

    Raises
    ------
    ValueError

    Examples
    --------
    >>> whole(1)
    """


def bare(x: int) -> int:
    """Bare."""


def silent() -> None:
    """Silent.

    Raises
    ------
    ValueError

    Examples
    --------
    Not one that runs.
    """
'''


def test_sections_that_a_method_lacks_are_named():
    faults = house.method_faults({"method": ast.parse(METHOD), "data": ast.parse("def f(x): ...")})
    expected = [f"method.bare has no {s}" for s in ("Raises", "Examples", "Parameters", "Returns")]
    assert faults == [*expected, "method.bare has no >>> example", "method.silent has no >>> example"]


def test_rooms_that_are_missing_or_stand_beside_the_plan_are_named(tmp_path):
    (tmp_path / "__init__.py").write_text('"""Read method first."""\n')
    for name in ("method.py", "data.py", "figures.py", "trial.py", "helpers.py", "claims.yml", "fast.py"):
        (tmp_path / name).touch()
    assert house.room_faults(tmp_path) == [
        "no room experiments",
        "helpers is no room of the plan",
        "experiments is no package with a module a section",
    ]


def test_a_front_door_of_more_than_forty_lines_or_names_is_too_wide():
    names = ", ".join(f"n{k}" for k in range(41))
    assert house.front_door_faults(f'"""Start here."""\nfrom p import {names}\n') == [
        "__init__ offers 41 names, at most 40"
    ]
    assert house.front_door_faults('"""Start here."""\n' + "\n" * 40) == ["__init__ has 41 lines, at most 40"]
    assert len(house.front_door_faults("")) == 1


def test_code_lines_leave_out_docstrings_comments_and_blanks(tmp_path):
    # By hand: the import, the head of f, the two lines of its return.
    text = (
        '"""Doc\n\nmore."""\nimport os\n\n# why\ndef f():\n    """Doc."""\n    return (1,\n            2)\n'
    )
    (tmp_path / "m.py").write_text(text)
    assert house.code_lines(tmp_path) == 4
