"""Films: splits, negatives, rankings by hand, and training that beats chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from soundreasons import data
from soundreasons.learning.strays import RefuseStrays
from soundreasons.papers.interpretable_attribution import experiments, fast
from soundreasons.papers.interpretable_attribution.data.films import (
    Films,
    NegativeDraw,
    Split,
    film_content,
    leave_last_out,
    load_films,
    unseen_items,
)
from soundreasons.papers.interpretable_attribution.experiments import film_networks


def small_films(n_users=12, n_items=60, seed=0):
    rng = np.random.default_rng(seed)
    rows = [
        (user, item, 1000 * user + when)
        for user in range(n_users)
        for when, item in enumerate(rng.choice(n_items, 10, replace=False))
    ]
    ratings = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    content = rng.normal(size=(n_items, 19)).astype(np.float32)
    return Films("small", ratings, np.array([f"film {k}" for k in range(n_items)]), content, None)


def test_the_split_leaves_the_latest_out_and_loses_nothing():
    films = small_films()
    split = leave_last_out(films.ratings, 0)
    latest = films.ratings.sort_values("timestamp").groupby("user")["item"].last()
    assert split.test.tolist() == latest.tolist()
    back = sorted(zip(split.users, split.items, strict=True)) + [
        pair for part in (split.validation, split.test) for pair in enumerate(part)
    ]
    assert sorted(back) == sorted(zip(films.ratings["user"], films.ratings["item"], strict=True))
    assert leave_last_out(films.ratings, 1).validation.tolist() != split.validation.tolist()


def test_a_user_with_no_history_is_named():
    few = pd.DataFrame({"user": [0, 0, 0, 1, 1], "item": range(5), "timestamp": range(5)})
    with pytest.raises(ValueError, match=r"user 1 has 2 rating\(s\), expected 3 or more"):
        leave_last_out(few, 0)


def test_negatives_are_never_trained_on_and_four_for_each_positive():
    films = small_films()
    split = leave_last_out(films.ratings, 0)
    draw = NegativeDraw(split, films.n_users, films.n_items, 500, torch.Generator().manual_seed(0))
    trained = set(zip(split.users.tolist(), split.items.tolist(), strict=True))
    for _ in range(20):
        pairs, labels = draw()
        assert labels.sum() * 5 == len(labels)
        for pair, label in zip(pairs.tolist(), labels.tolist(), strict=True):
            assert (tuple(pair) in trained) == (label == 1)


def test_an_epoch_holds_each_positive_once_on_average():
    films = small_films()
    split = leave_last_out(films.ratings, 0)
    draw = NegativeDraw(split, films.n_users, films.n_items, 50, torch.Generator().manual_seed(0))
    # Twelve users keep eight of their ten ratings; a batch of fifty holds ten positives.
    assert draw.steps_per_epoch == 10


def test_popularity_ranks_by_training_ratings():
    split = Split(np.array([0, 0, 1]), np.array([2, 1, 2]), np.array([0, 0]), np.array([2, 3]))
    found = experiments.films.popularity_scores(split, np.array([[2, 1, 0], [3, 2, 1]]), 4)
    # Film 2 was rated most: first; film 3 never: last of three.
    assert found == {"hit_ratio": 1.0, "ndcg": pytest.approx((1 + 0.5) / 2)}


def test_candidates_are_scored_row_by_row():
    class Sum(torch.nn.Linear):
        def forward(self, pairs):
            return (10.0 * pairs[:, 0] + pairs[:, 1]) * 1.0

    found = experiments.films.score_candidates(Sum(1, 1), np.array([[3, 1], [2, 4]]))
    assert found.tolist() == [[3, 1], [12, 14]]


def test_features_of_a_pair_stand_in_their_groups():
    content, people = torch.zeros(5, 19), torch.zeros(3, 3, dtype=torch.long)
    features = film_networks.FilmFeatures(3, content, people, film_networks.FilmTraining(4, 1))
    # 16 G of content, F of either embedding.
    assert features.n_features == 16 + 4 + 4
    assert features(torch.tensor([[0, 4], [2, 1]])).shape == (2, 24)
    assert features.groups == [list(range(16)), list(range(16, 20)), list(range(20, 24))]


def test_films_to_rank_among_are_unseen_and_without_repeats():
    films = small_films()
    others = unseen_items(films, 0, 30)
    for user, row in enumerate(others):
        assert len(set(row)) == 30
        assert not set(row) & set(films.ratings.loc[films.ratings["user"] == user, "item"])
    with pytest.raises(ValueError, match="user 0 left 50 films unrated, expected 51"):
        unseen_items(films, 0, 51)


def test_genres_and_years_are_laid_out():
    films = pd.DataFrame({"year": [1986, None], "genres": ["Children's|War", "(no genres listed)"]})
    content = film_content(films)
    assert content[0, 0] == pytest.approx((1986 - 1986.1) / 16.9, abs=1e-6)
    assert content[0, 1:].sum() == 2
    assert content[1].tolist() == [0.0] * 19


def test_ranks_hit_ratio_and_gain_by_hand():
    # Ranks 1, 11 (nine better, one equal) and 3 of thirteen films; the first ten are shown.
    scores = np.zeros((3, 13))
    scores[:, 0] = [0.9, 0.5, 0.5]
    scores[1, 1:10], scores[1, 10] = 0.8, 0.5
    scores[2, 5:7] = 0.7
    found = experiments.films.rank_scores(scores)
    assert found["hit_ratio"] == pytest.approx(2 / 3)
    # 1 at rank 1, 1 / log2(4) at rank 3, nothing beyond the cut.
    assert found["ndcg"] == pytest.approx((1 + 0.5) / 3)


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_gain_agrees_with_scikit_learn(seed):
    scores = np.random.default_rng(seed).permutation(100).reshape(4, 25).astype(float)
    truth = np.zeros((4, 25))
    truth[:, 0] = 1
    assert experiments.films.rank_scores(scores)["ndcg"] == pytest.approx(ndcg_score(truth, scores, k=10))


@pytest.mark.parametrize("kind", ["experts", "plain"])
def test_training_on_films_beats_chance(kind):
    # Users like one half of the films each: twenty of forty; ranks among ten others.
    rng = np.random.default_rng(0)
    rows = [
        (user, item, when)
        for user in range(60)
        for when, item in enumerate(rng.choice(20, 14, replace=False) + 20 * (user % 2))
    ]
    content = np.zeros((40, 19), dtype=np.float32)
    content[20:, 1] = 1
    ratings = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    films = Films("halves", ratings, np.array([str(k) for k in range(40)]), content, None)
    found = experiments.films.train_films(films, kind, 0, film_networks.FilmTraining(8, 1, 30, 200, 1e-2))
    if kind == "experts":
        assert (
            experiments.films.expert_hit_ratios(found)["expert_3"]
            >= experiments.films.expert_hit_ratios(found)["expert_0"] - 0.1
        )
        assert experiments.films.explaining_subsets(found)["test films, %"].sum() == pytest.approx(100)
    assert found.scores["ndcg"] > 0.5
    with pytest.raises(ValueError, match="kind is 'best'"):
        experiments.films.train_films(films, "best", 0, film_networks.FilmTraining(8, 1, 1, 200))


@pytest.mark.parametrize("kind", ["experts", "plain"])
def test_a_training_step_on_films_keeps_to_its_device(kind):
    content = torch.empty(20, 19, device="meta")
    people = torch.empty(8, 3, dtype=torch.long, device="meta")
    features = film_networks.FilmFeatures(8, content, people, film_networks.FilmTraining(8))
    model = {"experts": film_networks.FilmExperts, "plain": film_networks.PlainFilms}[kind](features, 8)
    # Who is asked before whom is put on the device at the first step, and kept there.
    fast.gate_weights(torch.empty(1, 4, device="meta"), list(film_networks.FILM_SUBSETS))
    with RefuseStrays():
        pairs = torch.empty(5, 2, dtype=torch.long, device="meta")
        model.loss(pairs, torch.empty(5, device="meta")).backward()
        torch.optim.Adam(model.parameters(), foreach=False).step()


def test_the_million_ratings_are_read_with_their_people(tmp_path):
    from soundreasons.data import DataError
    from soundreasons.data.files import Folder
    from soundreasons.data.readers import movielens_people

    texts = {
        "ratings.dat": "1::1::5::978300760\n1::2::3::978302109\n",
        "movies.dat": "1::Toy Story (1995)::Animation|Children's\n2::Misérables, Les (1995)::Drama\n",
        "users.dat": "1::F::18::10::48067\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text.encode("latin-1"))
    folder = Folder("movielens_1m", {name: tmp_path / name for name in texts})
    opened = movielens_people.read_dat(folder)
    assert opened.movies["title"].tolist() == ["Toy Story", "Misérables, Les"]
    assert opened.movies["year"].tolist() == [1995, 1995]
    assert opened.users.loc[0].tolist() == [1, "F", 18, 10]
    assert opened.ratings["rating"].tolist() == [5.0, 3.0]
    (tmp_path / "users.dat").write_text("1::F::18\n")
    with pytest.raises(DataError, match=r"line 1 of users.dat has 3 cells, expected 5"):
        movielens_people.read_dat(folder)


def test_the_hundred_thousand_ratings_are_read_with_their_people(tmp_path):
    from soundreasons.data import DataError
    from soundreasons.data.files import Folder
    from soundreasons.data.readers import movielens_100k

    texts = {
        "ml-100k.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t2\t3\t881250949\n",
        "ml-100k.item": "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        '1\tToy "Story"\t1995\tAnimation Children\'s\n2\tunknown\t\tunknown\n',
        "ml-100k.user": "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
        "1\t24\tM\twriter\t85711\n2\t25\tF\tartist\t94043\n3\t7\tM\twriter\t32067\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    folder = Folder("movielens_100k", {name: tmp_path / name for name in texts})
    opened = movielens_100k.read_atomic(folder)
    assert opened.ratings.loc[0].tolist() == [1, 2, 3.0, 881250949]
    assert opened.movies["title"].tolist() == ['Toy "Story"', "unknown"]
    assert opened.movies["year"].isna().tolist() == [False, True]
    assert opened.movies["genres"].tolist() == ["Animation|Children's", "unknown"]
    # Classes of MovieLens 1M: 18 to 24, 25 to 34, under 18; artist before writer.
    assert opened.users[["sex", "age", "occupation"]].to_numpy().tolist() == [
        ["M", 18, 1], ["F", 25, 0], ["M", 1, 1],
    ]  # fmt: skip
    (tmp_path / "ml-100k.user").write_text("user_id:token\tage:token\n1\t24\n")
    with pytest.raises(DataError, match=r"ml-100k.user has no column gender"):
        movielens_100k.read_atomic(folder)
    (tmp_path / "ml-100k.inter").write_text(texts["ml-100k.inter"] + "1\t2\n")
    with pytest.raises(DataError, match=r"line 3 of ml-100k.inter has 2 cells, expected 4"):
        movielens_100k.read_atomic(folder)


def test_an_edition_with_people_has_their_content():
    if not data.available("movielens_100k"):
        pytest.skip("movielens_100k is not on this machine (not checkable here)")
    films = load_films("movielens_100k")
    # Counts of the publisher's readme: 943 people, 670 of them men; 1682 films; 21 occupations.
    assert (films.n_users, films.n_items, len(films.ratings)) == (943, 1682, 100_000)
    assert np.bincount(films.people[:, 0]).tolist() == [273, 670]
    assert films.people.max(axis=0).tolist() == [1, 6, 20]
    features = film_networks.film_features(films, film_networks.FilmTraining())
    # 16 G features of content with G = 2: as many of people as of films (section 4.2).
    assert len(features.groups[0]) == 32


def test_models_of_films_are_compared_with_popularity():
    split = Split(np.array([0, 0, 1]), np.array([2, 1, 2]), np.array([0, 0]), np.array([2, 3]))
    candidates = np.array([[2, 1, 0], [3, 2, 1]])
    runs = {
        kind: [experiments.films.FilmRun({"hit_ratio": score, "ndcg": score}, None, split, candidates)]
        for kind, score in (("experts", 0.4), ("plain", 0.5))
    }
    found = experiments.films.compare(runs, 4)
    assert found["model"].tolist() == ["experts", "plain", "popularity"]
    assert found["ndcg"].tolist() == pytest.approx([0.4, 0.5, (1 + 0.5) / 2])
