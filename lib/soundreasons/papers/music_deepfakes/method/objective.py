"""What a detector is trained to do: which files it hears, in which order, and what a mistake costs.

Section 3 of Afchar et al. (2024). Chapter: music_deepfakes.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from soundreasons.papers.music_deepfakes.method.detectors import REAL, Outputs
from soundreasons.papers.music_deepfakes.method.front_ends import SILENCE

ENCODER_WEIGHT = 0.2


def alternating_files(
    n_clips: int, n_encoders: int, rng: np.random.Generator, *, n_drawn: int = 10_000
) -> Iterator[tuple[int, int]]:
    """Which file to open next, without end: clips in random order, labels alternately fake and real.

    Section 3 of Afchar et al. (2024). Chapter: music_deepfakes.

    Parameters
    ----------
    n_clips : int, from 1
        Pieces of music.
    n_encoders : int, from 2
        Versions of each: human, and the decoders.
    rng : numpy.random.Generator
        Draws.
    n_drawn : int
        The decoders are drawn beforehand, so many at once, as in the paper.

    Yields
    ------
    (int, int)
        Number of the clip, and of the encoder: 0 = human.

    Raises
    ------
    ValueError
        If there is no clip, or no decoder beside the human version.

    Examples
    --------
    >>> files = alternating_files(3, 4, np.random.default_rng(0))
    >>> [encoder > 0 for _, (_, encoder) in zip(range(4), files)]
    [True, False, True, False]
    """
    if n_clips < 1 or n_encoders < 2:
        raise ValueError(f"{n_clips} clips in {n_encoders} versions, expected a clip and a decoder at least")
    order: list[int] = []
    while True:
        for encoder in rng.integers(1, n_encoders, size=n_drawn):
            for label in (int(encoder), REAL):
                if not order:
                    order = rng.permutation(n_clips).tolist()
                yield order.pop(), label


def detector_loss(outputs: Outputs, encoder: Tensor, encoder_weight: float = ENCODER_WEIGHT) -> Tensor:
    """Cross-entropy of human or not, plus the weighted one of which decoder.

    Equation eq-loss, its weight lambda. Chapter: music_deepfakes.

    Parameters
    ----------
    outputs : Outputs
        Logits of a batch.
    encoder : Tensor of int, shape (batch,)
        0 = human, else the number of the decoder.
    encoder_weight : float
        Of the second term, which is left out where the detector has no second head.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    ValueError
        If there are not as many labels as logits.

    Examples
    --------
    A detector that knows nothing: log 2 for a coin, and a fifth of log 10 for ten encoders.

    >>> import torch
    >>> nothing = Outputs(torch.zeros(4), torch.zeros(4, 10))
    >>> round(float(detector_loss(nothing, torch.tensor([0, 3, 0, 9]))), 4)
    1.1537
    >>> round(float(np.log(2) + 0.2 * np.log(10)), 4)
    1.1537
    """
    human = (encoder == REAL).to(outputs.real.dtype)
    loss = functional.binary_cross_entropy_with_logits(outputs.real, human)
    if outputs.encoder is not None:
        loss = loss + encoder_weight * functional.cross_entropy(outputs.encoder, encoder)
    return loss


def is_silent(mono: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which snippets hold nothing but a constant, to -80 dB of full scale: of them, a detector says nothing.

    Chapter: music_deepfakes.

    Parameters
    ----------
    mono : ndarray, shape (n, n_samples)
        Amplitudes.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    ValueError
        If `mono` is not 2-d.

    Examples
    --------
    >>> is_silent(np.array([[0.5, 0.5], [0.0, 0.01]], np.float32)).tolist()
    [True, False]
    """
    if mono.ndim != 2:
        raise ValueError(
            f"mono has shape {mono.shape}, expected (n, n_samples); for one pass mono[np.newaxis]"
        )
    # Half the distance between the extremes: the deviation from the middle, whatever the constant.
    return np.asarray(np.ptp(mono, axis=1) / 2 < SILENCE)
