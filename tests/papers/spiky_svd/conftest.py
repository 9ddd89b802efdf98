"""Small data with known tastes, and the published tables where a machine has them."""

import numpy as np
import pytest

from soundreasons.papers.spiky_svd import associate, embed, from_pairs, interactions
from soundreasons.papers.spiky_svd.data import available

N_TASTES, N_PER_TASTE = 4, 15


def _taste_pairs(seed=0, n_users=240, n_picks=6):
    """Each user has one taste and picks from its items, the first ones more often."""
    rng = np.random.default_rng(seed)
    chances = 1.0 / np.arange(1, N_PER_TASTE + 1)
    rows = []
    for user in range(n_users):
        picks = rng.choice(N_PER_TASTE, n_picks, replace=False, p=chances / chances.sum())
        rows += [(f"taste {user % N_TASTES} item {pick:02d}", f"user {user}") for pick in picks]
    return rows


@pytest.fixture(scope="session")
def taste_pairs():
    """Rows (item, user): four tastes that never mix, fifteen items each."""
    return _taste_pairs()


@pytest.fixture(scope="session")
def tastes(taste_pairs):
    """The same as interactions."""
    items, users = zip(*taste_pairs, strict=True)
    return from_pairs("tastes", "items by users", items, users)


@pytest.fixture(scope="session")
def taste_space(tastes):
    """Its association and its embedding in four dimensions."""
    association = associate(tastes)
    return association, embed(association.matrix, N_TASTES, 0)


@pytest.fixture(scope="session")
def published():
    """Open a published data set, or skip by name where this machine has none."""

    def open_or_skip(name):
        if not available(name):
            pytest.skip(f"{name} is not on this machine (not checkable here)")
        return interactions(name)

    return open_or_skip
