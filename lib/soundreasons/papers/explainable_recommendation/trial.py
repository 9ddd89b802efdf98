"""Try the method on a history of your own: `soundreasons try explainable_recommendation "A, B, C"`.

Names of artists (or films, where only those are here), parted by commas, or a text file with one name a
line: what would be recommended, and why, in three ways?
"""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from soundreasons import trying
from soundreasons.given import as_file, is_file_name, require_file
from soundreasons.papers.explainable_recommendation.data import available, listening
from soundreasons.papers.explainable_recommendation.experiments.one_recommendation import (
    InventedListener,
    invent_listener,
    whole_context,
)
from soundreasons.papers.explainable_recommendation.fast.additive import EASE
from soundreasons.papers.explainable_recommendation.fast.explainers import explainers
from soundreasons.papers.explainable_recommendation.fast.ranking import top
from soundreasons.papers.explainable_recommendation.figures import plot_contributions

ACCEPTS = "names of artists or films, parted by commas; or a text file with one name a line"
_SEARCHED = ("hetrec_lastfm", "movielens_2016")
_N_SHOWN = 5


def run(argument: str, out: Path | None = None) -> str:
    """Answer in text; with `out`, draw why the first item is recommended into that folder too.

    Chapter: explainable_recommendation.

    Parameters
    ----------
    argument : str
        Names parted by commas, or the path of a text file.
    out : Path, optional
        Folder for the picture.

    Returns
    -------
    str
        To print.

    Raises
    ------
    ValueError
        If no data is here, the file is empty or no text, or a name is unknown (the nearest are told).
    """
    names = read_names(argument)
    source = next((name for name in _SEARCHED if available(name)), None)
    if source is None:
        raise ValueError(
            f"none of {', '.join(_SEARCHED)} is on this machine; run `soundreasons data fetch {_SEARCHED[1]}`"
        )
    music = listening(source)
    return _report(invent_listener(music, names), source, out)


def read_names(argument: str) -> list[str]:
    """Split at commas, or read a file of one name a line.

    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        If there is no name, or the file is not UTF-8 text.

    Examples
    --------
    >>> read_names("Can, Neu!,")
    ['Can', 'Neu!']
    """
    if as_file(argument) or (is_file_name(argument) and argument.endswith(".txt")):
        path = require_file(argument, "names parted by commas, or a text file")
        parts = trying.read_lines(path, expected=ACCEPTS)
    else:
        parts = argument.split(",")
    names = [part.strip() for part in parts if part.strip()]
    if not names:
        raise ValueError(f"{argument!r} holds no name; expected {ACCEPTS}")
    return names


def _report(guest: InventedListener, source: str, out: Path | None) -> str:
    context, label = whole_context(guest.listening), guest.listening.item_names
    model = EASE().fit(guest.listening.interactions)
    lines = [f"{len(model.history(guest.user))} names found in {source}. Recommended, and why:"]
    for item in top(model, guest.user, _N_SHOWN).tolist():
        heaviest = label[explainers["exact"](model, guest.user, item, context).best(3).items]
        words = guest.listening.tag_names[explainers["tags"](model, guest.user, item, context).best(3).items]
        change = label[explainers["counterfactual"](model, guest.user, item, context).items]
        without = f"not without: {', '.join(change)}" if len(change) else "nothing that we tried removes it"
        lines += [
            f"  {label[item]}",
            f"    because of: {', '.join(heaviest)}",
            f"    in words:   {', '.join(words) or 'no tag in common'}",
            f"    {without}",
        ]
    return "\n".join([*lines, *_picture(guest, model, out)])


def _picture(guest: InventedListener, model: EASE, out: Path | None) -> list[str]:
    item, label = int(top(model, guest.user, 1)[0]), guest.listening.item_names
    history = model.history(guest.user)
    heaviest = history[np.argsort(-model.weights[history, item], kind="stable")[:15]]

    def draw(ax: Axes) -> None:
        plot_contributions(list(label[heaviest]), model.weights[heaviest, item], ax)
        ax.set_title(f"why {label[item]}?")

    return trying.picture(out, "why", draw)
