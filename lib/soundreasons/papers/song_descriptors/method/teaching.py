"""How the encoder is taught: a teacher's opinion of pairs, and the two losses (eq-margin, eq-contrast).

The paper's teacher is a cross-encoder fine-tuned on MusicCaps; none can be had without a model hub. Ours is
a stand-in that adds two opinions: how much of a set, weighted by rarity, stands in the text, and how near a
small frozen encoder puts the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray


def descriptor_rarity(documents: Sequence[str]) -> dict[str, float]:
    r"""Weigh each descriptor by its rarity among $N$ descriptor sets: $\ln(N / n_t)$, if $n_t$ hold it.

    Ours; part of the stand-in for the teacher $g$. Chapter: song_descriptors.

    Parameters
    ----------
    documents : sequence of str
        Descriptor sets, each joined by ``", "``.

    Returns
    -------
    dict of str to float

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> descriptor_rarity(["sad, piano", "sad"])
    {'piano': 0.6931471805599453, 'sad': 0.0}
    """
    if not len(documents):
        raise ValueError("there is no descriptor set to count in")
    counts = Counter(part for document in documents for part in sorted(set(document.split(", "))))
    return {part: float(np.log(len(documents) / n)) for part, n in counts.items()}


def share_named(query: str, document: str, rarity: Mapping[str, float]) -> float:
    """Share of a set's descriptors that stand in a text, weighted by rarity.

    Ours; one of the two opinions of the stand-in for the teacher $g$. Chapter: song_descriptors.

    Parameters
    ----------
    query, document : str
        A request, and descriptors joined by ``", "``.
    rarity : mapping of str to float
        Weights of descriptors; 1 for those it does not know.

    Returns
    -------
    float
        From 0 to 1; 0 where the weights are all zero.

    Raises
    ------
    ValueError
        If a weight is negative.

    Examples
    --------
    >>> share_named("a sad song", "sad, piano", {"sad": 1.0, "piano": 3.0})
    0.25
    """
    weights = {part: rarity.get(part, 1.0) for part in document.split(", ")}
    if min(weights.values()) < 0:
        raise ValueError(f"weights are {weights}, expected none below zero")
    named = sum(weight for part, weight in weights.items() if part and part.lower() in query.lower())
    total = sum(weights.values())
    return named / total if total else 0.0


def teacher_scores(
    queries: Sequence[str],
    documents: Sequence[str],
    cosines: NDArray[np.floating],
    rarity: Mapping[str, float],
) -> NDArray[np.float64]:
    """Score pairs, $g(r, T)$: the mean of the share named and of the cosine, from about 0 to 1.

    In this range a difference of two scores can be a difference of two cosines, which is what the student
    is asked for. Ours. Chapter: song_descriptors.

    Parameters
    ----------
    queries, documents : sequence of str, length n_pairs
        Pair by pair.
    cosines : ndarray, shape (n_pairs,)
        What a frozen encoder says of them.
    rarity : mapping of str to float
        Weights of descriptors.

    Returns
    -------
    ndarray of float, shape (n_pairs,)

    Raises
    ------
    ValueError
        If the three have different lengths.

    Examples
    --------
    >>> teacher_scores(["a sad song"], ["sad, piano"], np.array([0.5]), {"sad": 1.0, "piano": 3.0}).tolist()
    [0.375]
    """
    if not len(queries) == len(documents) == len(cosines):
        raise ValueError(
            f"{len(queries)} queries, {len(documents)} documents, {len(cosines)} cosines; pair them"
        )
    shares = [
        share_named(query, document, rarity) for query, document in zip(queries, documents, strict=True)
    ]
    return (np.array(shares) + np.asarray(cosines, dtype=np.float64)) / 2


def margin_loss(
    queries: torch.Tensor, positives: torch.Tensor, negatives: torch.Tensor, margins: torch.Tensor
) -> torch.Tensor:
    """Ask that the student prefer a document over another by as much as the teacher does.

    MarginMSE (Hofstätter et al., 2020; Wang et al., 2022); eq-margin. Scores are cosines, as in the paper's
    command line, so the teacher's scores must lie in a range of one too. Chapter: song_descriptors.

    Parameters
    ----------
    queries, positives, negatives : tensor, shape (n, n_dims)
        $f(r)$, $f(T^+)$, $f(T^-)$; rows of length one.
    margins : tensor, shape (n,)
        Teacher's score of the positive minus that of the negative.

    Returns
    -------
    tensor, a number

    Raises
    ------
    ValueError
        If the three tables have different shapes, or there is not one margin a row.

    Examples
    --------
    By hand: the student sees a difference of 1, the teacher one of a half.

    >>> one, other = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    >>> margin_loss(one, one, other, torch.tensor([0.5])).item()
    0.25
    """
    shapes = {tuple(each.shape) for each in (queries, positives, negatives)}
    if len(shapes) != 1 or margins.shape != queries.shape[:1]:
        raise ValueError(
            f"vectors have shapes {sorted(shapes)} and margins {tuple(margins.shape)}, expected (n, n_dims) "
            "three times, and (n,)"
        )
    student = (queries * (positives - negatives)).sum(dim=1)
    return torch.nn.functional.mse_loss(student, margins)


def contrastive_loss(
    queries: torch.Tensor, documents: torch.Tensor, same: torch.Tensor, temperature: float
) -> torch.Tensor:
    r"""Tell each query's document from those of the others, and the other way round.

    The symmetric softmax loss of van den Oord et al. (2018) over the cosines of a batch;
    eq-contrast. A document that reads like the right one is no negative. Chapter: song_descriptors.

    Parameters
    ----------
    queries, documents : tensor, shape (n, n_dims)
        Rows of length one; row k of both belongs together.
    same : bool tensor, shape (n, n)
        Whether two documents of the batch are the same text.
    temperature : float, above 0
        $\tau$, divides the cosines.

    Returns
    -------
    tensor, a number

    Raises
    ------
    ValueError
        If the shapes do not fit, or the temperature is not above zero.

    Examples
    --------
    >>> vectors = torch.eye(3)
    >>> same = torch.eye(3, dtype=torch.bool)
    >>> round(contrastive_loss(vectors, vectors, same, 1.0).item(), 4)  # log(1 + 2 / e)
    0.5514
    """
    if queries.shape != documents.shape or same.shape != (len(queries), len(queries)) or temperature <= 0:
        raise ValueError(
            f"queries have shape {tuple(queries.shape)}, documents {tuple(documents.shape)}, same "
            f"{tuple(same.shape)}, temperature is {temperature}; expected (n, n_dims) twice, (n, n), above 0"
        )
    scores = queries @ documents.T / temperature
    others = same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)
    scores = scores.masked_fill(others, -torch.inf)
    targets = torch.arange(len(scores), device=scores.device)
    there = torch.nn.functional.cross_entropy(scores, targets)
    back = torch.nn.functional.cross_entropy(scores.T, targets)
    return (there + back) / 2
