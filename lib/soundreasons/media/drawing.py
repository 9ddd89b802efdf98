"""What the figures of all chapters share: one palette, and tables drawn as shades with their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Okabe and Ito: eight colours that differ in lightness too, so that colour-blind readers tell them apart.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#8C8C8C"  # for what is only there to compare with

EVEN = 0.179  # luminance at which black and white stand out equally (WCAG 2.2)


def plot_table(
    table: pd.DataFrame,
    ax: Axes,
    *,
    highest: float = 1.0,
    digits: int = 2,
    colours: str = "cividis",
    turned: float = 30.0,
    fontsize: float = 8.0,
) -> Axes:
    """Draw a table as shades with the numbers in them.

    Parameters
    ----------
    table : DataFrame, shape (n_rows, n_columns)
        Numbers from 0 to `highest`; what is missing is drawn as a dash.
    ax : Axes
        Where to draw.
    highest : float
        Value of the last shade.
    digits : int
        Digits after the point.
    colours : str
        A colour map of matplotlib.
    turned : float
        Degrees by which the names of the columns are turned.
    fontsize : float
        Of the numbers, in points.

    Returns
    -------
    Axes
        The same.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"tested on a": [0.5, None]}, index=["trained on a", "on b"])
    >>> [text.get_text() for text in plot_table(table, Figure().add_subplot()).texts]
    ['0.50', '–']
    """
    import seaborn

    cells = table.astype(float)
    seaborn.heatmap(
        cells, ax=ax, vmin=0, vmax=highest, cmap=colours, cbar=False, annot=True, fmt=f".{digits}f",
        annot_kws={"fontsize": fontsize},
    )  # fmt: skip
    image = ax.collections[0]
    for text in ax.texts:
        column, row = text.get_position()
        shade = image.to_rgba(cells.iat[int(row), int(column)])
        text.set_color("black" if luminance([float(part) for part in shade]) > EVEN else "white")
    for row, column in np.argwhere(cells.isna().to_numpy()):
        ax.text(column + 0.5, row + 0.5, "–", ha="center", va="center", fontsize=fontsize)
    ax.set_xticks(ax.get_xticks(), [str(name) for name in table.columns], rotation=turned)
    if turned:
        for label in ax.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    ax.tick_params(axis="y", rotation=0)
    ax.set(xlabel="", ylabel="")
    return ax


def luminance(colour: Sequence[float]) -> float:
    """Relative luminance of a colour, from 0 (black) to 1 (white), as WCAG 2.2 defines it.

    Examples
    --------
    >>> luminance((1.0, 1.0, 1.0)), round(luminance((1.0, 0.0, 0.0)), 4)
    (1.0, 0.2126)
    """
    channels = np.asarray(colour[:3], dtype=float)
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return round(float(linear @ [0.2126, 0.7152, 0.0722]), 12)
