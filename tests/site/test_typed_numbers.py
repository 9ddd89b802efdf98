"""No result is typed by hand: numbers in prose come from the run or from the ledger."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.typed_numbers import find_typed_numbers

REPOSITORY = Path(__file__).resolve().parents[2]
PROSE = sorted(REPOSITORY.glob("book/*.md")) + sorted(REPOSITORY.glob("notebooks/*.md"))

decimals = st.decimals(min_value=0, max_value=10**6, places=3).map(str)
percentages = st.integers(0, 1000).flatmap(
    lambda number: st.sampled_from(
        [f"{number}%", f"{number} %", f"{number}\N{NO-BREAK SPACE}%", f"{number} per cent"]
    )
)
numbers = decimals | percentages


def test_there_is_prose_to_check() -> None:
    assert {"index.md", "how-to-read.md"} <= {path.name for path in PROSE}


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_no_number_is_typed_into_prose(path: Path) -> None:
    found = find_typed_numbers(path.read_text(encoding="utf-8"))
    assert [f"{path.name}:{line}: {number}" for line, number in found] == [], (
        "take it from the run ({glue:text}`name:.2f`) or from the ledger ({paper}`id`); "
        "a version goes into a code span, a setting into a table with `:class: settings`"
    )


TYPED = {
    "a sentence": "We found @ of them.",
    "the end of a sentence": "They were @.",
    "brackets": "Most (@) were.",
    "bold": "It was **@** here.",
    "a table": "| a | b |\n|---|---|\n| x | @ |",
    "a quotation": "> It was @.",
    "a list": "- one\n- @ of two",
    "a directive": ":::{note}\nIt was @.\n:::",
    "the title of a directive": ":::{admonition} It was @\nText.\n:::",
    "a directive in a directive": "::::{note}\n:class: warning\n:::{tip}\nIt was @.\n:::\n::::",
    "a caption": "```{figure} picture.png\n:name: fig-x\n:alt: a picture\n\nIt was @.\n```",
    "a table without settings": ":::{list-table}\n:header-rows: 1\n\n* - x\n  - @\n:::",
    "the text of a link": "[@ of them](https://example.org)",
    "the text of a role": "{doc}`about @ of them <data>`",
    "after code": "`x = 1` gave @ here",
    "after maths": "$x = 1$ gave @ here",
    "after a block of code": "```python\nx = 1\n```\n\nIt was @.",
    "a heading": "# What @ mean",
}
NOT_TYPED = {
    "a code span": "Take `@` here.",
    "a code span with two ticks": "Take ``a `@` b`` here.",
    "a block of code": "```python\nx = '@'\n```",
    "a block with tildes": "~~~\n@\n~~~",
    "a cell": "```{code-cell} ipython3\n:tags: [hide-input]\n\nx = '@'\n```",
    "inline maths": "The cosine is $\\theta > @$ there.",
    "displayed maths": "$$\n\\theta > @\n$$ (eq-x)",
    "a maths directive": "```{math}\n:label: eq-x\n\\theta > @\n```",
    "glue": "It was {glue:text}`spk64_ratio.x:.2f` of @x".replace("@x", "them, or {glue:text}`@`."),
    "the ledger": "They found {paper}`C1.x-@`.",
    "a citation": "See {cite:t}`@`.",
    "front matter": "---\ntitle: @\n---\n\nText.",
    "an option": ":::{figure} x.png\n:width: @\n\nA caption.\n:::",
    "settings": ":::{list-table}\n:header-rows: 1\n:class: settings\n\n* - cosine\n  - @\n:::",
    "a comment": "% once it was @\n\nText.",
    "an HTML comment": "Text <!-- once @ --> goes on.",
    "the target of a link": "See [there](https://example.org/@).",
    "a tag": '<div style="width: @">text</div>',
}


@pytest.mark.parametrize("text", TYPED.values(), ids=TYPED)
@given(number=numbers)
def test_a_typed_number_is_found_with_its_line(text: str, number: str) -> None:
    found = find_typed_numbers("A first line.\n\n" + text.replace("@", number))
    line = 3 + text[: text.index("@")].count("\n")
    assert [(hit.line, hit.number) for hit in found] == [(line, number)]


@pytest.mark.parametrize("text", NOT_TYPED.values(), ids=NOT_TYPED)
@given(number=numbers)
def test_what_is_not_prose_may_hold_numbers(text: str, number: str) -> None:
    assert find_typed_numbers(text.replace("@", number)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a share of .5 each", [".5"]),
        ("a distance of 1e-15", ["1e-15"]),
        ("1,234.5 items and -0.25", ["1,234.5", "-0.25"]),
        ("needs Python 3.11.2 here", ["3.11.2"]),
        ("from 2.5 to 3.5 %", ["2.5", "3.5 %"]),
    ],
)
def test_other_ways_to_write_a_number_are_found(text: str, expected: list[str]) -> None:
    assert [hit.number for hit in find_typed_numbers(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "eight papers, 1,892 users, 64 dimensions",
        "under CC BY 4.0 and CC BY-NC-SA 4.0",
        "arXiv:2307.01212 and arXiv 2307.01212v2, doi: 10.1145/2827872",
        "in Section 3.2, Table 4.1 and Figure 2.3.1 of the paper",
        "1. first\n2. second",
        "in 2023. Then 2024.",
        "an em. 5 items",
        "the numbers 1, 2 and 3.",
        "at 10:30, on 2026-11-22, for k=10",
    ],
)
def test_counts_names_and_places_are_let_pass(text: str) -> None:
    assert find_typed_numbers(text) == []
