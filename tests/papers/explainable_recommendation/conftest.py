"""Small listening with two known tastes, and the real one where a machine has it."""

import numpy as np
import pytest

from soundreasons.papers import explainable_recommendation as er
from support.here import require
from support.two_tastes import N_ITEMS, context_of, two_tastes


@pytest.fixture(scope="session")
def tastes_matrix():
    return two_tastes()


@pytest.fixture(scope="session")
def context(tastes_matrix):
    return context_of(tastes_matrix)


@pytest.fixture(scope="session")
def models(tastes_matrix, context):
    """The seven models, fitted on two tastes."""
    return {
        name: make().fit(tastes_matrix)
        for name, make in er.fast.lineup.recommender_makers(context.tags).items()
    }


@pytest.fixture(scope="session")
def small(tastes_matrix, context):
    """The same as a `Listening`, for experiments."""
    return er.data.Listening(
        name="small",
        interactions=tastes_matrix,
        plays=tastes_matrix,
        tags=context.tags,
        held_tags=context.tags,
        friends=context.friends,
        graph=context.graph,
        item_names=np.array([f"artist {k}" for k in range(N_ITEMS)]),
        tag_names=np.array(["loud", "fast", "soft", "slow"]),
    )


@pytest.fixture(scope="session")
def lastfm():
    """Last.fm itself, or skip by name."""
    require("hetrec_lastfm")
    return er.data.listening("hetrec_lastfm")
