"""A hierarchy that a page lets its reader open and close, with nothing but HTML."""

import html
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.concept_hierarchies import method


class Outline:
    """A tree as nested folds; notebooks and pages show it by itself.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    hierarchy : ndarray of uint8, shape (K + 1, K)
    names : sequence of str
        Of the concepts.
    group : ndarray of int, shape (K,), optional
        A concept of the same group as its parent is marked with a tick, one of another with a circle.
    open_levels : int
        Levels that are open at first.

    Raises
    ------
    ValueError
        If there are not as many names as concepts.

    Examples
    --------
    >>> print(Outline(np.array([[0, 1], [0, 0], [1, 0]]), ["strings", "violin"]))
    strings
      violin
    """

    def __init__(
        self,
        hierarchy: method.Hierarchy,
        names: Sequence[str],
        group: NDArray[np.int64] | None = None,
        open_levels: int = 2,
    ) -> None:
        if len(names) != hierarchy.shape[1]:
            raise ValueError(f"{len(names)} names for {hierarchy.shape[1]} concepts")
        self._names, self._open_levels = list(names), open_levels
        self._group = np.full(len(names), method.NOWHERE) if group is None else group
        self._parent = method.parents(hierarchy)
        self._children: dict[int, list[int]] = {}
        for child, parent in enumerate(self._parent.tolist()):
            self._children.setdefault(parent, []).append(child)

    def _below(self, node: int) -> list[int]:
        return self._children.get(node, [])

    def __str__(self) -> str:
        """The tree as indented lines."""
        return "\n".join("  " * level + self._names[node] for level, node in self.walk())

    __repr__ = __str__

    def walk(self) -> list[tuple[int, int]]:
        """Depth (0 for children of the root) and number of each concept, parents before children."""
        found: list[tuple[int, int]] = []
        waiting = [(0, node) for node in reversed(self._below(len(self._names)))]
        while waiting:
            level, node = waiting.pop()
            found.append((level, node))
            waiting += [(level + 1, child) for child in reversed(self._below(node))]
        return found

    def _repr_html_(self) -> str:
        inside = "".join(self._fold(node, 0) for node in self._below(len(self._names)))
        return (
            '<div class="concept-tree" style="line-height:1.5">'
            f'<ul style="list-style:none;padding-left:0">{inside}</ul></div>'
        )

    def _fold(self, node: int, level: int) -> str:
        below = self._below(node)
        label = self._mark(node) + html.escape(self._names[node])
        if not below:
            return f'<li style="padding-left:1.1em">{label}</li>'
        inside = "".join(self._fold(child, level + 1) for child in below)
        is_open = " open" if level < self._open_levels else ""
        return (
            f"<li><details{is_open}><summary>{label} ({len(below)})</summary>"
            f'<ul style="list-style:none;padding-left:1.2em;border-left:1px solid currentColor">{inside}</ul>'
            "</details></li>"
        )

    def _mark(self, node: int) -> str:
        parent = int(self._parent[node])
        if parent == len(self._names) or method.NOWHERE in (self._group[node], self._group[parent]):
            return ""
        return "\N{CHECK MARK} " if self._group[node] == self._group[parent] else "\N{WHITE CIRCLE} "
