"""Try the method on something of your own: `soundreasons try spiky_svd FILE|TEXT`.

FILE is a table of pairs (item, context), such as song and playlist, or book and reader: how spiky is
it, and what is on its spikes? TEXT is the name of an artist or a movie of the chapter's data: which
spike is it on, and who is there too?
"""

import csv
import difflib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons.given import as_file, is_file_name
from soundreasons.papers.spiky_svd.datasets import Interactions, available, from_pairs, interactions
from soundreasons.papers.spiky_svd.experiments import companions, largest_spikes, spike_ratios
from soundreasons.papers.spiky_svd.factorisation import embed
from soundreasons.papers.spiky_svd.figures import plot_consecutive
from soundreasons.papers.spiky_svd.pipeline import Association, associate, placed

ACCEPTS = (
    "a CSV or TSV file of pairs (item, context), one a line, such as song,playlist "
    "(a header does no harm); or the name of an artist or a movie"
)
_TABLE_ENDINGS = {".csv", ".tsv", ".txt", ".dat"}
_DIMENSIONS = (2, 4, 8, 16, 32, 64, 128)
_SEARCHED = ("hetrec_lastfm", "movielens_2018", "movielens_2016")
_SEED = 0


def run(argument: str, out: Path | None = None) -> str:
    """Answer in text; with `out`, draw the first two dimensions into that folder too.

    Chapter: spiky_svd.

    Parameters
    ----------
    argument : str
        Path of a table of pairs, or a name.
    out : Path, optional
        Folder for the picture.

    Returns
    -------
    str
        To print.

    Raises
    ------
    ValueError
        If the file is missing, empty or has one column, no pair survives, or the name is unknown
        (the nearest names are told).
    """
    is_named = is_file_name(argument) and Path(argument).suffix.lower() in _TABLE_ENDINGS
    if as_file(argument) or is_named:
        return _report(read_pairs(Path(argument)), out)
    return _find(argument, out)


def read_pairs(path: Path) -> Interactions:
    """Read the first two columns of a comma- or tab-separated file as pairs (item, context).

    Chapter: spiky_svd.

    Raises
    ------
    ValueError
        If the file is missing, empty, not text, or a line has fewer than two cells.
    """
    if not path.is_file():
        raise ValueError(f"{path} is no file; give a table of pairs (item, context), or a name to look up")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text; save the table as CSV in UTF-8") from None
    lines = [line for line in lines if line.strip()]
    if not lines:
        raise ValueError(f"{path} is empty; expected one pair (item, context) a line")
    try:
        rows = list(csv.reader(lines, delimiter="\t" if "\t" in lines[0] else ","))
    except csv.Error as error:  # a cell of more than 131,072 characters, say
        raise ValueError(f"{path} is no table: {error}") from None
    short = [number for number, row in enumerate(rows, start=1) if len(row) < 2 or not all(row[:2])]
    if short:
        raise ValueError(
            f"{path}, line {short[0]} is {lines[short[0] - 1]!r}; expected two cells, an item and a context, "
            "parted by a comma or a tab"
        )
    if len(rows) > 1 and _is_header(rows):
        rows = rows[1:]
    items, contexts = zip(*(row[:2] for row in rows), strict=True)
    return from_pairs(path.name, "items by contexts", items, contexts)


def _is_header(rows: list[list[str]]) -> bool:
    """Tell whether neither cell of the first line stands in its column again.

    Such a line is a header, or an item that meets nobody: it has no pair, and leaving it out costs nothing.
    """
    return all(rows[0][column] not in {row[column] for row in rows[1:]} for column in (0, 1))


def _report(table: Interactions, out: Path | None) -> str:
    association = associate(table)
    embedding = embed(association.matrix, min(128, association.n_items), _SEED)
    usable = [f for f in _DIMENSIONS if f <= max(2, association.n_items // 8)]
    ratios = 100 * spike_ratios([embedding], usable).iloc[0]
    shown = max(f for f in usable if f <= 64)
    lines = [
        f"{table.name}: {table.n_items:,} items in {table.n_contexts:,} contexts; {association.n_items:,} "
        f"items share two contexts or more with another, above chance: {association.n_pairs:,} pairs.",
        "",
        "Spikes that hold half of the items, as a share of the items (low = spiky; a cloud without any "
        "direction comes near 50 % in many dimensions):",
        *(f"  Spk@{f}: {ratio:.2f} %" for f, ratio in ratios.items()),
        "",
        f"Largest spikes in {shown} dimensions, each with its longest vectors:",
        *_spike_lines(association, embedding, shown),
        *_picture(embedding, table.name, out),
    ]
    return "\n".join(lines)


def _spike_lines(association: Association, embedding: NDArray[Any], dimensions: int) -> list[str]:
    spikes = largest_spikes(association, embedding, dimensions=dimensions)
    return [f"  {row.head} ({row.items} items): {row.members}" for row in spikes.itertuples()]


def _find(name: str, out: Path | None) -> str:
    here = [source for source in _SEARCHED if available(source)]
    if not here:
        raise ValueError(
            f"none of {', '.join(_SEARCHED)} is on this machine, so {name!r} cannot be looked up; "
            f"run `soundreasons data fetch {_SEARCHED[-1]}`, or give a file of pairs"
        )
    tables = {source: interactions(source) for source in here}
    for source, table in tables.items():
        spelled = _spelled(name, table.item_names)
        if spelled is not None:
            return _place(spelled, source, table, out)
    everything = np.concatenate([table.item_names for table in tables.values()])
    near = difflib.get_close_matches(name.lower(), sorted({item.lower() for item in everything}), n=5)
    shown = sorted({item for item in everything if item.lower() in near})
    remedy = f"nearest names: {', '.join(shown)}" if shown else "no name is near"
    raise ValueError(f"nothing is called {name!r} in {', '.join(here)}; {remedy}")


def _spelled(name: str, names: NDArray[np.str_]) -> str | None:
    """Find a name whatever its capitals; a movie also without its year."""
    wanted = name.strip().lower()
    for shown in names:
        lower = str(shown).lower()
        if wanted in (lower, lower.rsplit(" (", 1)[0]):
            return str(shown)
    return None


def _place(name: str, source: str, table: Interactions, out: Path | None) -> str:
    association = associate(table)
    embedding = embed(association.matrix, 64, _SEED)
    rows = placed(embedding)
    if name not in association.item_names[rows]:
        raise ValueError(
            f"{name} is in {source}, but shares too few {table.kind.split()[-1]} with others to have a "
            "position; try a better known one"
        )
    row = companions(association, embedding, [name], n_companions=10).iloc[0]
    verb = "is on the spike of" if row["on it"] == "yes" else "is on no spike; the nearest is that of"
    head = "itself: it is the head" if row["head"] == name else row["head"]
    lines = [
        f"{name} ({source}, {len(rows):,} {table.kind.split()[0]} with a position)",
        f"  {verb} {head} (cosine {row['cosine']:.2f}; a spike begins above 0.90)",
        f"  its vector is number {row['norm rank']:,} by length: "
        + (
            "long, its neighbours will hold"
            if row["norm rank"] < len(rows) / 5
            else "they may change with data"
        ),
        f"  nearest: {row['companions']}",
        *_picture(embedding, source, out),
    ]
    return "\n".join(lines)


def _picture(embedding: NDArray[Any], name: str, out: Path | None) -> list[str]:
    if out is None or embedding.shape[1] < 2:
        return []
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    plot_consecutive(embedding, 0, figure.subplots())
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{Path(name).stem}-dimensions-1-2.png"
    figure.savefig(target, dpi=144)
    return ["", f"picture: {target}"]
