"""Tables become matrices: filters, splits, facts, and impossible rows."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from soundreasons.papers import explainable_recommendation as er
from support.here import require


@pytest.mark.parametrize(
    ("users", "items", "counts", "message"),
    [
        ([0], [0], [-1], r"counts hold -1\.0, expected 0 or more"),
        ([0], [0], [np.inf], "counts hold inf"),
        ([2], [0], [1], "users run from 2 to 2, expected 0 to 1"),
        ([0], [-1], [1], "items run from -1 to -1, expected 0 to 1"),
    ],
)
def test_impossible_rows_are_refused(users, items, counts, message):
    with pytest.raises(ValueError, match=message):
        er.data.interaction_matrix(users, items, counts, (2, 2))


def test_a_pair_with_no_play_is_no_interaction():
    assert er.data.interaction_matrix([0, 1], [0, 1], [0, 2], (2, 2)).nnz == 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 5))
def test_a_split_loses_nothing_and_shares_nothing(seed, split_seed):
    rng = np.random.default_rng(seed)
    matrix = sp.csr_matrix((rng.random((20, 15)) < 0.4).astype(float))
    train, test = er.data.split(matrix, split_seed)
    assert (train + test != matrix).nnz == 0
    assert train.multiply(test).nnz == 0
    assert np.array_equal(np.diff(test.indptr), np.floor(0.2 * np.diff(matrix.indptr)))


def test_a_split_hides_every_place_of_a_history_equally_often():
    matrix = sp.csr_matrix(np.ones((1, 10)))
    hidden = sum(er.data.split(matrix, s)[1].toarray()[0] for s in range(500))
    # 100 of 500 expected each; four standard deviations of a binomial are 36.
    assert np.abs(hidden - 100).max() < 36


@pytest.mark.parametrize("share", [0, 1, -0.5])
def test_an_impossible_share_is_refused(share):
    with pytest.raises(ValueError, match=f"share is {share}"):
        er.data.split(sp.csr_matrix(np.ones((2, 5))), 0, share=share)


def test_a_fact_that_links_nobody_or_everybody_is_dropped():
    facts = pd.DataFrame(
        {
            "item": [0, 1, 2, *range(61)],
            "relation": "music.artist.origin",
            "value": [1, 1, 2, *[3] * 61],
        }
    )
    assert er.data.keep_music_facts(facts)["value"].unique().tolist() == [1]


def test_an_unknown_data_set_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="data set is 'lastfm', expected one of hetrec_lastfm"):
        er.data.listening("lastfm")


def test_lastfm_is_what_the_chapter_says(lastfm):
    # Counts of the first prototype: artists with five listeners or more, tags used twenty times.
    assert lastfm.interactions.shape == (1881, 2828)
    assert lastfm.interactions.nnz == 71426
    assert lastfm.tags.shape == (2828, 582)
    assert set(lastfm.interactions.data) == {1.0}
    assert (lastfm.friends != lastfm.friends.T).nnz == 0
    assert lastfm.interactions.sum(axis=0).min() == 5


def test_tags_of_lastfm_are_split_between_models_and_judges(lastfm):
    assert lastfm.tags.sum() > lastfm.held_tags.sum() > 0


def test_films_stand_in_with_genres_for_tags():
    require("movielens_2016")
    films = er.data.listening("movielens_2016", min_listeners=20)
    assert "Comedy" in films.tag_names
    assert films.friends.nnz == 0
    assert set(films.graph["relation"]) == {"film.decade"}
