"""Seeds: one number per run, and independent streams by name."""

from __future__ import annotations

import random
import zlib

import numpy as np


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy's legacy generator and torch.

    Our own code draws from `rng`; this is for libraries that keep a global state.

    Parameters
    ----------
    seed : int, from 0
        Taken modulo 2**32, the most that NumPy's legacy generator takes.

    Examples
    --------
    >>> seed_everything(3); first = random.random()
    >>> seed_everything(3); random.random() == first
    True
    """
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - libraries that know no Generator read it
    torch.manual_seed(seed)


def rng(seed: int, *labels: str) -> np.random.Generator:
    """Random generator for one purpose: other labels, other stream.

    Parameters
    ----------
    seed : int, from 0
        The seed of the run.
    *labels : str
        What the numbers are for; an experiment added later then leaves the draws of the others alone.

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    ValueError
        If the seed is negative.

    Examples
    --------
    >>> rng(0, "null").integers(10) == rng(0, "null").integers(10)
    np.True_
    """
    if seed < 0:
        raise ValueError(f"seed is {seed}, expected 0 or more")
    return np.random.default_rng([seed, *(zlib.crc32(label.encode()) for label in labels)])
