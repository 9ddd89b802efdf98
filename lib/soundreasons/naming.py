"""Error sentences about names: what was given, the nearest, what there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def unknown(kind: str, given: str, allowed: Iterable[str]) -> str:
    """Sentence for a name that is not among those allowed.

    Examples
    --------
    >>> unknown("profile", "labtop", ["smoke", "laptop"])
    "no profile is called 'labtop'; did you mean 'laptop'? There are: laptop, smoke"
    """
    names = sorted(allowed)
    near = difflib.get_close_matches(given, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"no {kind} is called {given!r}; {hint}There are: {', '.join(names) or 'none'}"
