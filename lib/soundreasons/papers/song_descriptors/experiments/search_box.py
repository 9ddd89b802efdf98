"""A search that works inside a page: vectors in eight bits, no server, nothing fetched."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundreasons.papers.song_descriptors.data.encoding import Embedding
from soundreasons.papers.song_descriptors.data.songs import Catalogue
from soundreasons.papers.song_descriptors.fast import top_documents

# Requests that the page can answer by meaning; made by hand, ours.
REQUESTS = (
    "rainy sunday piano",
    "something to fall asleep to",
    "an angry song for the gym",
    "music for a medieval feast",
    "I miss someone and want to cry",
    "a beach bar at sunset",
    "chase scene in a spy film",
    "children singing at Christmas",
    "old blues on a porch",
    "a church full of voices",
    "robots dancing",
    "guitar solo in a stadium",
    "someone practising alone at home",
    "a slow dance at a wedding",
    "spooky house at night",
    "driving fast on an empty motorway",
    "meditation with bowls and flutes",
    "street party in Rio",
)


@dataclass(frozen=True)
class SearchBox:
    """Songs and requests that a page can search by itself; shows as HTML in a notebook.

    Attributes
    ----------
    names, documents : list of str, length n_songs
        What is shown of each song, and its descriptors.
    songs : ndarray of int8, shape (n_songs, n_dims)
        Vectors times 127, rounded.
    requests : list of str, length n_requests
        What can be asked by meaning.
    asked : ndarray of int8, shape (n_requests, n_dims)
        Their vectors.
    credit : str
        Shown below.
    """

    names: list[str]
    documents: list[str]
    songs: NDArray[np.int8]
    requests: list[str]
    asked: NDArray[np.int8]
    credit: str

    def _repr_html_(self) -> str:
        return _PAGE.replace("@DATA", self._as_json()).replace("@CREDIT", html.escape(self.credit))

    def __repr__(self) -> str:
        """One line that says what it holds."""
        return f"search box: {len(self.documents)} songs, {len(self.requests)} requests; works in the browser"

    def _as_json(self) -> str:
        said = {
            "names": self.names,
            "songs": self.documents,
            "requests": self.requests,
            "dims": int(self.songs.shape[1]),
            "songVectors": base64.b64encode(self.songs.tobytes()).decode(),
            "requestVectors": base64.b64encode(self.asked.tobytes()).decode(),
        }
        # A text must not be able to end the script.
        return json.dumps(said).replace("<", "\\u003c")


def in_eight_bits(vectors: Embedding) -> NDArray[np.int8]:
    """Round vectors of length one to 127 steps on either side.

    Chapter: song_descriptors.

    >>> in_eight_bits(np.array([[0.6, -0.8]], dtype=np.float32)).tolist()
    [[76, -102]]
    """
    return np.rint(127 * vectors).astype(np.int8)


def make_box(
    catalogue: Catalogue, requests: Sequence[str], request_vectors: Embedding, song_vectors: Embedding
) -> SearchBox:
    """Make a search box of a small catalogue.

    Chapter: song_descriptors.

    Parameters
    ----------
    catalogue : Catalogue
        What can be found.
    requests : sequence of str
        What can be asked by meaning.
    request_vectors, song_vectors : ndarray, shapes (n_requests, n_dims) and (n_songs, n_dims)
        Rows of length one.

    Returns
    -------
    SearchBox

    Raises
    ------
    ValueError
        If lengths do not agree, or it would be heavier than a page should be.
    """
    n_songs = len(catalogue.documents)
    if not n_songs == len(catalogue.names) == len(song_vectors) or len(requests) != len(request_vectors):
        raise ValueError(
            f"{len(catalogue.names)} names, {n_songs} songs, {len(song_vectors)} vectors; {len(requests)} "
            f"requests, {len(request_vectors)} vectors: expected equal numbers"
        )
    if n_songs > 2000:
        raise ValueError(f"{n_songs} songs are too heavy for a page; take 2000 at most")
    return SearchBox(
        list(catalogue.names), list(catalogue.documents), in_eight_bits(song_vectors),
        list(requests), in_eight_bits(request_vectors), catalogue.credit,
    )  # fmt: skip


def rounding_agreement(
    box: SearchBox, request_vectors: Embedding, song_vectors: Embedding, k: int = 10
) -> float:
    """Share of the first k answers that eight bits leave as they are, in per cent.

    Chapter: song_descriptors.
    """
    exact = top_documents(request_vectors, song_vectors, k).documents
    small = top_documents(box.asked.astype(np.int32), box.songs.astype(np.int32), k).documents
    return 100 * float(np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(exact, small, strict=True)]))


_PAGE = """
<div class="song-search" id="song-search">
<p><label>Ask by meaning: <select id="song-search-request"></select></label></p>
<p><label>or by words of your own: <input id="song-search-words" type="search" size="30"
placeholder="slow piano, female voice"></label></p>
<ol id="song-search-answers" aria-live="polite"></ol>
<p><small>@CREDIT Computed in this page; nothing is sent anywhere.</small></p>
</div>
<script>
(function () {
  const data = @DATA;
  const bytes = (text) => new Int8Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const songs = bytes(data.songVectors), asked = bytes(data.requestVectors);
  const words = (text) => text.toLowerCase().match(/[a-z0-9&'-]+/g) || [];
  const bags = data.songs.map((text) => new Set(words(text)));
  const holds = {};
  bags.forEach((bag) => bag.forEach((word) => { holds[word] = (holds[word] || 0) + 1; }));
  const rarity = (word) => Math.log(1 + bags.length / (holds[word] || Infinity));
  const byMeaning = (n) => bags.map((_, song) => {
    let sum = 0;
    for (let d = 0; d < data.dims; d++) sum += asked[n * data.dims + d] * songs[song * data.dims + d];
    return sum / 16129;
  });
  const byWords = (text) => {
    const wanted = new Set(words(text));
    return bags.map((bag) => {
      let sum = 0;
      wanted.forEach((word) => { if (bag.has(word)) sum += rarity(word); });
      return sum / Math.sqrt(bag.size || 1);
    });
  };
  const list = document.getElementById("song-search-answers");
  const choice = document.getElementById("song-search-request");
  const field = document.getElementById("song-search-words");
  const show = (scores) => {
    const order = scores.map((score, song) => [score, song]).filter((pair) => pair[0] > 0);
    order.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    list.replaceChildren();
    order.slice(0, 5).forEach(([score, song]) => {
      const item = document.createElement("li");
      item.textContent = data.songs[song] + " (" + data.names[song] + "; " + score.toFixed(2) + ")";
      list.append(item);
    });
    if (!order.length) list.textContent = "No song shares a word with that.";
  };
  data.requests.forEach((text, n) => choice.append(new Option(text, n)));
  choice.addEventListener("change", () => { field.value = ""; show(byMeaning(Number(choice.value))); });
  field.addEventListener("input", () => { if (field.value.trim()) show(byWords(field.value)); });
  show(byMeaning(0));
})();
</script>
"""
