"""Try the method on something of your own: `soundreasons try spiky_svd FILE|TEXT`.

FILE is a table of pairs (item, context), such as song and playlist, or book and reader: how spiky is
it, and what is on its spikes? TEXT is the name of an artist or a movie of the chapter's data: which
spike is it on, and who is there too?
"""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from soundreasons import trying
from soundreasons.given import as_file, is_file_name
from soundreasons.papers.spiky_svd.data import Interactions, available, from_pairs, interactions
from soundreasons.papers.spiky_svd.experiments.pairs import associate
from soundreasons.papers.spiky_svd.experiments.spikes import rows_with_position, spike_ratios
from soundreasons.papers.spiky_svd.experiments.tastes import companions, largest_spikes
from soundreasons.papers.spiky_svd.fast import embed
from soundreasons.papers.spiky_svd.figures import plot_consecutive

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
    expected = "a table of pairs (item, context), one a line"
    table = trying.read_table(path, expected=expected, header="guess", columns=(2, None), ragged=True)
    items, contexts = table.column(0), table.column(1)
    for line, pair in zip(table.lines, zip(items, contexts, strict=True), strict=True):
        if not all(cell.strip() for cell in pair):
            raise ValueError(
                f"{path}, line {line} is {pair}, expected an item and a context; give {expected}"
            )
    return from_pairs(path.name, "items by contexts", items, contexts)


def _report(table: Interactions, out: Path | None) -> str:
    association = associate(table)
    embedding = embed(association.matrix, min(128, association.n_items), _SEED)
    usable = [f for f in _DIMENSIONS if f <= max(2, association.n_items // 8)]
    ratios = 100 * spike_ratios([embedding], usable).iloc[0]
    shown = max(f for f in usable if f <= 64)
    spikes = largest_spikes(association, embedding, dimensions=shown)
    lines = [
        f"{table.name}: {table.n_items:,} items in {table.n_contexts:,} contexts; {association.n_items:,} "
        f"items share two contexts or more with another, above chance: {association.n_pairs:,} pairs.",
        "",
        "Spikes that hold half of the items, as a share of the items (low = spiky; a cloud without any "
        "direction comes near 50 % in many dimensions):",
        *(f"  Spk@{f}: {ratio:.2f} %" for f, ratio in ratios.items()),
        "",
        f"Largest spikes in {shown} dimensions, each with its longest vectors:",
        *(f"  {row.head} ({row.items} items): {row.members}" for row in spikes.itertuples()),
        *_picture(embedding, table.name, out),
    ]
    return "\n".join(lines)


def _find(name: str, out: Path | None) -> str:
    tables = {source: interactions(source) for source in _SEARCHED if available(source)}
    if not tables:
        raise ValueError(
            f"none of {', '.join(_SEARCHED)} is on this machine, so {name!r} cannot be looked up; "
            f"run `soundreasons data fetch {_SEARCHED[-1]}`, or give a file of pairs"
        )
    for source, table in tables.items():
        spelled = trying.lookup(name, table.item_names, short=_without_year)
        if spelled is not None:
            return _place(spelled, source, table, out)
    everything = [shown for table in tables.values() for shown in table.item_names]
    return trying.find(name, everything, among=f"the names of {', '.join(tables)}")


def _without_year(title: str) -> str:
    return title.rsplit(" (", 1)[0]


def _place(name: str, source: str, table: Interactions, out: Path | None) -> str:
    association = associate(table)
    embedding = embed(association.matrix, 64, _SEED)
    rows = rows_with_position(embedding)
    if name not in association.item_names[rows]:
        raise ValueError(
            f"{name} is in {source}, but shares too few {table.kind.split()[-1]} with others to have a "
            "position; try a better known one"
        )
    row = companions(association, embedding, [name], n_companions=10).iloc[0]
    verb = "is on the spike of" if row["on it"] == "yes" else "is on no spike; the nearest is that of"
    head = "itself: it is the head" if row["head"] == name else row["head"]
    is_long = row["norm rank"] < len(rows) / 5
    lines = [
        f"{name} ({source}, {len(rows):,} {table.kind.split()[0]} with a position)",
        f"  {verb} {head} (cosine {row['cosine']:.2f}; a spike begins above 0.90)",
        f"  its vector is number {row['norm rank']:,} by length: "
        + ("long, its neighbours will hold" if is_long else "they may change with data"),
        f"  nearest: {row['companions']}",
        *_picture(embedding, source, out),
    ]
    return "\n".join(lines)


def _picture(embedding: NDArray[Any], name: str, out: Path | None) -> list[str]:
    if embedding.shape[1] < 2:
        return []
    target = f"{Path(name).stem}-dimensions-1-2"
    return trying.picture(out, target, lambda ax: plot_consecutive(embedding, 0, ax), size=(5, 5))
