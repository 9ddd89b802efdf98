"""Parameters of the chapter that exclude each other, told before any work is done.

What a parameter may be by itself is declared in the notebook; here stands what two of them say together.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

# With fewer, a community may be left without a linked member, or without two popularities to correlate.
_SMALLEST_COMMUNITY = 20


def check_parameters(values: Mapping[str, Any]) -> None:
    """Refuse parameters of the chapter that are impossible together; all problems are told at once.

    Chapter: spiky_svd.

    Parameters
    ----------
    values : mapping of name to value
        All parameters of the run, each allowed by itself.

    Raises
    ------
    ValueError
        If a list holds an entry twice; a number of dimensions exceeds the rank; communities would have fewer
        than twenty items; shares do not rise by whole per cents; data is compared with chance that is not
        embedded; or a data set is to grow both by users and by time.

    Examples
    --------
    >>> check_parameters({"rank": 64, "dimensions": [2, 128]})
    Traceback (most recent call last):
        ...
    ValueError: dimensions holds 128, allowed are 1 to 64, the rank; leave it out, or raise rank
    """
    lists = {name: value for name, value in values.items() if isinstance(value, list | tuple)}
    problems = [*_repeated(lists), *_too_large(values)]
    problems += [problem for name in ("user_shares", "time_shares") for problem in _not_rising(name, lists)]
    problems += _left_out(lists)
    if problems:
        raise ValueError("; ".join(problems))


def _repeated(lists: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    for name, entries in lists.items():
        twice = [entry for entry, count in Counter(entries).items() if count > 1]
        if twice:
            yield f"{name} holds {twice[0]} twice, expected entries that differ; leave one out"


def _too_large(values: Mapping[str, Any]) -> Iterator[str]:
    limits = {
        "dimensions": (1, values.get("rank"), "the rank", "raise rank"),
        "communities": (
            2,
            values["block_items"] // _SMALLEST_COMMUNITY if "block_items" in values else None,
            f"one for {_SMALLEST_COMMUNITY} of the block_items",
            "raise block_items",
        ),
    }
    for name, (low, high, what, remedy) in limits.items():
        above = [entry for entry in values.get(name, []) if high is not None and entry > high]
        if above:
            yield f"{name} holds {above[0]}, allowed are {low} to {high}, {what}; leave it out, or {remedy}"


def _not_rising(name: str, lists: Mapping[str, Sequence[float]]) -> Iterator[str]:
    shares = lists.get(name, [])
    # Measures are named by the whole per cent.
    if not all(round(100 * first) < round(100 * second) for first, second in pairwise(shares)):
        yield f"{name} is {list(shares)}, expected shares that rise by a hundredth or more each time"


def _left_out(lists: Mapping[str, Sequence[str]]) -> Iterator[str]:
    embedded = lists.get("data_sets", [])
    for name in lists.get("null_sets", []):
        if name not in embedded:
            yield (
                f"null_sets holds {name}, expected some of data_sets ({', '.join(embedded)}); leave it out "
                "or add it to data_sets"
            )
    for name in lists.get("user_growth", []):
        if name in lists.get("time_growth", []):
            yield f"{name} is in user_growth and in time_growth, expected in one of them; leave it out of one"
