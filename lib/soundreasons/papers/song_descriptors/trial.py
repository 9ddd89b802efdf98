"""Search with words of your own: `soundreasons try song_descriptors "rainy sunday piano"`.

The answers come from a few hundred clips of MusicCaps, or from generated songs where these are not on
this machine: by shared words, and by meaning.
"""

from __future__ import annotations

from pathlib import Path

from soundreasons.given import as_file
from soundreasons.papers.song_descriptors.data.rungs import RUNGS, Searcher, rung_available, searcher
from soundreasons.papers.song_descriptors.data.songs import catalogue
from soundreasons.papers.song_descriptors.experiments.ladder import vectors
from soundreasons.papers.song_descriptors.experiments.learning import open_caches
from soundreasons.papers.song_descriptors.fast import top_documents
from soundreasons.trying import read_lines

ACCEPTS = "a request in your own words, or a text file with one request a line"
N_SONGS = 600
N_ANSWERS = 5
MANY_WORDS = 60


def run(argument: str, out: Path | None = None) -> str:
    """Answer requests in text.

    Chapter: song_descriptors.

    Parameters
    ----------
    argument : str
        A request, or the path of a text file with one a line.
    out : Path, optional
        Folder; the answers are written there too, as text.

    Returns
    -------
    str
        To print.

    Raises
    ------
    ValueError
        If there is no word in it.
    """
    requests = read_requests(argument)
    songs = catalogue(N_SONGS)
    lines = [f"{len(songs.documents)} songs. {songs.credit}"]
    for request in requests:
        lines += ["", f"> {request[:200]}{'...' if len(request) > 200 else ''}"]
        if len(request.split()) > MANY_WORDS:
            lines.append("  (long: the encoder reads about the first hundred words)")
        lines += _answers(request, songs.documents)
    text = "\n".join(lines)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "answers.txt").write_text(text + "\n", encoding="utf-8")
    return text


def read_requests(argument: str) -> list[str]:
    """Take the argument as a file of requests if there is one, else as a request.

    Chapter: song_descriptors.

    Raises
    ------
    ValueError
        If nothing is asked, or the file is no text.
    """
    path = as_file(argument)
    if path is not None:
        return read_lines(path, expected=ACCEPTS)
    if not argument.strip():
        raise ValueError(
            f"nothing is asked in {argument!r}; say what you would like to hear, such as 'sad piano'"
        )
    return [argument.strip()]


def _answers(request: str, documents: list[str]) -> list[str]:
    lines = _listed("by shared words", RUNGS["tfidf"], request, documents)
    if not rung_available("all_minilm"):
        fetch = "run `soundreasons data fetch all_minilm_l6`"
        return [*lines, f"  by meaning: all_minilm_l6 is not here; {fetch}"]
    return [*lines, *_listed("by meaning", searcher("all_minilm"), request, documents)]


def _listed(title: str, who: Searcher, request: str, documents: list[str]) -> list[str]:
    hits = top_documents(*vectors(who, [request], documents, open_caches().texts), N_ANSWERS)
    pairs = [(s, n) for s, n in zip(hits.scores[0], hits.documents[0], strict=True) if s > 0]
    if not pairs:
        return [f"  {title}: no song shares a word with it"]
    return [f"  {title}:", *(f"    {score:.2f}  {documents[number]}" for score, number in pairs)]
