"""Synthetic listening sessions in which it is known why a track is skipped.

Task: draw sessions of 20 tracks; the first ten come with their log, the skips of the last ten are to be
told. Each session has one regime: *persistence* (go on as the last known track), *interaction* (how
tracks were started tells), *musical* (tracks are skipped by their sound). No regime is announced: it
shows in the first half alone. Written for this book, as the paper's logs may not be passed on. Chapter:
interpretable_attribution.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

REGIMES = ("persistence", "interaction", "musical")
N_GIVEN, N_ASKED = 10, 10
N_MUSICAL = 4  # features of a track; the first is what tastes go by
_STAYS = 0.9  # chance that a persistent listener does as before
_EXTREME = 0.8  # share of fast-forward starts of one who is eager, one minus it of one who is not


class Sessions(NamedTuple):
    """Sessions as arrays; the first axis is the session, the second the place in it.

    Attributes
    ----------
    given : ndarray, shape (n, 10, 8)
        Place (0 to 1), length (1 = 20), skipped, started by fast-forward, four features of the track.
    asked : ndarray, shape (n, 10, 6)
        Place, length, four features of the track.
    skipped : ndarray, shape (n, 10), 0 or 1
        What is to be told.
    regime : ndarray of int, shape (n,)
        Place in `REGIMES`.
    """

    given: NDArray[np.float32]
    asked: NDArray[np.float32]
    skipped: NDArray[np.float32]
    regime: NDArray[np.int64]


# Columns of `given` and `asked`, by group.
GIVEN_GROUPS = ([0, 1], [2], [3], [4, 5, 6, 7])
ASKED_GROUPS: tuple[list[int], ...] = ([0, 1], [], [], [2, 3, 4, 5])
GROUP_NAMES = ("place", "skips", "starts", "music")
# Every subset holds the place; the fifth is everything.
SESSION_SUBSETS = ((0, 1), (0, 2), (0, 3), (0, 1, 3), (0, 1, 2, 3))
SUBSET_NAMES = ("skips", "starts", "music", "skips + music", "all")
# The smallest subset that suffices, by regime.
SUFFICIENT = (0, 1, 3)
# Subsets summed for the reading by family, as the paper sums its own into three.
FAMILIES = ([0], [1], [2, 3])


def draw_sessions(n: int, rng: np.random.Generator) -> Sessions:
    """Draw sessions, a third of them of each regime.

    - persistence: in the first half skips are a chain that stays as it is with probability 0.9; each
      skip of the second half repeats the last of the first with probability 0.9;
    - interaction: an eager listener starts 0.8 of the tracks by fast-forward and skips all of the
      second half, another starts 0.2 so and skips none; skips of the first half are tossed;
    - musical: a track is skipped where the sign of its first feature is the one that the listener
      dislikes, in both halves.

    Where a regime does not speak, skips and starts of the first half are fair coins. Chapter:
    interpretable_attribution.

    Parameters
    ----------
    n : int, from 1
        How many.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    Sessions

    Examples
    --------
    >>> draw_sessions(6, np.random.default_rng(0)).given.shape
    (6, 10, 8)
    """
    n_places = N_GIVEN + N_ASKED
    regime = rng.permutation(np.arange(n) % len(REGIMES))
    music = rng.standard_normal((n, n_places, N_MUSICAL)).astype(np.float32)
    starts = rng.random((n, N_GIVEN)) < 0.5
    skips = rng.random((n, n_places)) < 0.5

    persistent, interactive, musical = (regime == number for number in range(3))
    skips[persistent] = _persistent(rng, int(persistent.sum()))
    is_eager = rng.random(int(interactive.sum())) < 0.5
    chance = np.where(is_eager, _EXTREME, 1 - _EXTREME)[:, np.newaxis]
    starts[interactive] = rng.random((len(is_eager), N_GIVEN)) < chance
    skips[interactive, N_GIVEN:] = is_eager[:, np.newaxis]
    taste = rng.choice([-1.0, 1.0], size=(int(musical.sum()), 1))
    skips[musical] = music[musical, :, 0] * taste > 0

    place = np.broadcast_to(np.arange(n_places)[np.newaxis, :, np.newaxis] / n_places, (n, n_places, 1))
    common = np.concatenate([place, np.ones_like(place)], axis=2)
    log = np.stack([skips[:, :N_GIVEN], starts], axis=2) * 2.0 - 1.0
    given = np.concatenate([common[:, :N_GIVEN], log, music[:, :N_GIVEN]], axis=2)
    asked = np.concatenate([common[:, N_GIVEN:], music[:, N_GIVEN:]], axis=2)
    return Sessions(
        given.astype(np.float32), asked.astype(np.float32), skips[:, N_GIVEN:].astype(np.float32), regime
    )


def _persistent(rng: np.random.Generator, n: int) -> NDArray[np.bool_]:
    """Skips of persistent listeners, shape (n, 20)."""
    turns = rng.random((n, N_GIVEN)) >= _STAYS
    turns[:, 0] = rng.random(n) < 0.5
    first = np.cumsum(turns, axis=1) % 2 == 1
    second = first[:, -1:] ^ (rng.random((n, N_ASKED)) >= _STAYS)
    return np.concatenate([first, second], axis=1)


def persistence_baseline(sessions: Sessions) -> NDArray[np.float64]:
    """Predict for every asked track what happened to the last given one, shape (n, 10).

    Chapter: interpretable_attribution.
    """
    last = sessions.given[:, -1, 2] > 0
    return np.repeat(last[:, np.newaxis].astype(np.float64), sessions.asked.shape[1], axis=1)
