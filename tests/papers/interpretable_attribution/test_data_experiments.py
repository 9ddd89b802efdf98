"""Tables, films and sessions: hand-made cases, properties, bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from soundreasons.papers import interpretable_attribution as ia
from soundreasons.papers.interpretable_attribution import trial

QUICK = ia.TableTraining(hidden=(16, 8), epochs=40, batch_size=64, learning_rate=1e-2)


def told_by_group(n=900, seed=0):
    """Outcome: sign of column 0 where column 2 is above zero, else tossed by the pair (0, 1)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    return x, (x[:, 0] > 0).astype(int)


def test_a_classifier_finds_the_group_that_tells():
    x, y = told_by_group()
    model = ia.RestrictedClassifier([[0], [1, 2]], [(0,), (1,), (0, 1)], QUICK).fit(x[:600], y[:600])
    told = model.explain(x[600:])
    assert (told.subset == 0).mean() > 0.8
    assert told.weights.sum(axis=1) == pytest.approx(np.ones(300), abs=1e-5)
    assert ((model.predict_proba(x[600:]) > 0.5) == y[600:]).mean() > 0.93
    assert told.groups[:, 0].mean() > told.groups[:, 1].mean()


def test_balanced_batches_are_corrected_back_to_the_base_rate():
    # Nothing can be told: the mean probability must be the base rate, not one half.
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2000, 2)), (rng.random(2000) < 0.1).astype(int)
    short = ia.TableTraining(hidden=(4,), epochs=5, batch_size=128)
    for model in (
        ia.RestrictedClassifier([[0], [1]], [(0,), (0, 1)], short),
        ia.PlainClassifier(2, [8], short),
    ):
        assert model.fit(x, y).predict_proba(x).mean() == pytest.approx(0.1, abs=0.05)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([[1.0, 2.0], [1.0, np.nan]], [0, 1], r"first in row 1, column 1"),
        ([[1.0, 2.0], [1.0, 3.0]], [0, 2], "label 1 is 2, expected 0 or 1"),
        ([[1.0, 2.0], [1.0, 3.0]], [1, 1], "all 2 labels are 1"),
        ([[1.0, 2.0], [1.0, 3.0]], [1], "x has 2 rows and y 1"),
        ([1.0, 2.0], [0, 1], r"x has shape \(2,\)"),
    ],
)
def test_a_table_that_cannot_be_learned_is_refused(x, y, message):
    model = ia.RestrictedClassifier([[0], [1]], [(0,), (0, 1)], QUICK)
    with pytest.raises(ValueError, match=message):
        model.fit(np.array(x), y)


def test_encoding_keeps_groups_apart_and_joins_rare_words():
    frame = pd.DataFrame({"age": [1.0, 2, 3, 4], "job": ["a", "a", "a", "b"], "gain": [0, 1, 2, 3]})
    table, places = ia.encode(frame, {"person": ["age", "job"], "money": ["gain"]}, rare=0.3)
    assert list(table.columns) == ["age", "job=a", "job=other", "gain"]
    assert places == [[0, 1, 2], [3]]


@pytest.mark.parametrize("name", ["online_shoppers", "adult_census"])
def test_the_real_tables_hold_the_levels_of_single_groups(name):
    if not ia.available(name):
        pytest.skip(f"{name} is not on this machine (not checkable here)")
    table = ia.grouped_table(name)
    assert sorted(column for group in table.groups for column in group) == list(range(table.x.shape[1]))
    assert len(table.y) == {"online_shoppers": 12330, "adult_census": 32561}[name]
    # Known levels, measured apart with scikit-learn: logistic regression on one group.
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.preprocessing import StandardScaler

    known = {"online_shoppers": (1, 0.888), "adult_census": (3, 0.781)}[name]
    x = StandardScaler().fit_transform(table.x[:, table.groups[known[0]]])
    model = LogisticRegression(max_iter=300).fit(x[::2], table.y[::2])
    assert roc_auc_score(table.y[1::2], model.decision_function(x[1::2])) == pytest.approx(known[1], abs=0.02)


def test_ranks_hit_ratio_and_gain_by_hand():
    ranks = ia.ranks_of_first([[0.9, 0.1, 0.5], [0.1, 0.9, 0.5], [0.5, 0.5, 0.1]])
    assert ranks.tolist() == [1, 3, 2]
    assert ia.hit_ratio_at_k(ranks, 2) == pytest.approx(2 / 3)
    # 1 at rank 1, 1/log2(3) at rank 2, nothing beyond the cut.
    assert ia.ndcg_at_k(ranks, 2) == pytest.approx((1 + 1 / np.log2(3)) / 3)


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_gain_agrees_with_scikit_learn(seed):
    scores = np.random.default_rng(seed).permutation(100).reshape(4, 25).astype(float)
    truth = np.zeros((4, 25))
    truth[:, 0] = 1
    assert ia.ndcg_at_k(ia.ranks_of_first(scores)) == pytest.approx(ndcg_score(truth, scores, k=10))


@pytest.mark.parametrize(
    ("scores", "message"),
    [([[1.0]], "with an other item or more"), ([[np.nan, 1.0]], "1 values that are not finite")],
)
def test_impossible_rankings_are_refused(scores, message):
    with pytest.raises(ValueError, match=message):
        ia.ranks_of_first(scores)
    with pytest.raises(ValueError, match="integers from 1"):
        ia.hit_ratio_at_k([], 10)


def small_films(n_users=12, n_items=60, seed=0):
    rng = np.random.default_rng(seed)
    rows = [
        (user, item, 1000 * user + when)
        for user in range(n_users)
        for when, item in enumerate(rng.choice(n_items, 10, replace=False))
    ]
    ratings = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    content = rng.normal(size=(n_items, 19)).astype(np.float32)
    return ia.Films("small", ratings, np.array([f"film {k}" for k in range(n_items)]), content, None)


def test_the_split_leaves_the_latest_out_and_loses_nothing():
    films = small_films()
    split = ia.leave_last_out(films.ratings, 0)
    latest = films.ratings.sort_values("timestamp").groupby("user")["item"].last()
    assert split.test.tolist() == latest.tolist()
    back = sorted(zip(split.users, split.items, strict=True)) + [
        pair for part in (split.validation, split.test) for pair in enumerate(part)
    ]
    assert sorted(back) == sorted(zip(films.ratings["user"], films.ratings["item"], strict=True))
    assert ia.leave_last_out(films.ratings, 1).validation.tolist() != split.validation.tolist()


def test_a_user_with_no_history_is_named():
    few = pd.DataFrame({"user": [0, 0, 0, 1, 1], "item": range(5), "timestamp": range(5)})
    with pytest.raises(ValueError, match=r"user 1 has 2 rating\(s\), expected 3 or more"):
        ia.leave_last_out(few, 0)


def test_negatives_are_never_trained_on_and_four_for_each_positive():
    films = small_films()
    split = ia.leave_last_out(films.ratings, 0)
    draw = ia.NegativeDraw(split, films.n_users, films.n_items, 500, torch.Generator().manual_seed(0))
    trained = set(zip(split.users.tolist(), split.items.tolist(), strict=True))
    for _ in range(20):
        pairs, labels = draw()
        assert labels.sum() * 5 == len(labels)
        for pair, label in zip(pairs.tolist(), labels.tolist(), strict=True):
            assert (tuple(pair) in trained) == (label == 1)


def test_films_to_rank_among_are_unseen_and_without_repeats():
    films = small_films()
    others = ia.unseen_items(films, 0, 30)
    for user, row in enumerate(others):
        assert len(set(row)) == 30
        assert not set(row) & set(films.ratings.loc[films.ratings["user"] == user, "item"])
    with pytest.raises(ValueError, match="user 0 left 50 films unrated, expected 51"):
        ia.unseen_items(films, 0, 51)


def test_genres_and_years_are_laid_out():
    films = pd.DataFrame({"year": [1986, None], "genres": ["Children's|War", "(no genres listed)"]})
    content = ia.film_content(films)
    assert content[0, 0] == pytest.approx((1986 - 1986.1) / 16.9, abs=1e-6)
    assert content[0, 1:].sum() == 2
    assert content[1].tolist() == [0.0] * 19


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
    films = ia.Films("halves", ratings, np.array([str(k) for k in range(40)]), content, None)
    found = ia.train_films(films, kind, 0, ia.FilmTraining(8, 1, 30, 200, 1e-2))
    if kind == "experts":
        assert ia.film_scores(found)["hit_ratio_3"] >= ia.film_scores(found)["hit_ratio_0"] - 0.1
        assert ia.who_explains_films(found)["test films, %"].sum() == pytest.approx(100)
    assert found.scores["ndcg"] > 0.5
    with pytest.raises(ValueError, match="kind is 'best'"):
        ia.train_films(films, "best", 0, ia.FilmTraining(8, 1, 1, 200))


def test_session_scores_by_hand():
    right = [[1, 1], [1, 0], [0, 1]]
    assert ia.session_accuracy(right) == pytest.approx(4 / 6)
    assert ia.first_accuracy(right) == pytest.approx(2 / 3)
    # All right: 1; right then wrong: .5; wrong then right: .25.
    assert ia.mean_average_accuracy(right) == pytest.approx((1 + 0.5 + 0.25) / 3)


def test_sessions_of_unequal_length_count_equally():
    right, valid = [[1, 0, 0], [1, 1, 1]], [[1, 0, 0], [1, 1, 1]]
    assert ia.mean_average_accuracy(right, valid) == 1.0
    # The public definition, spelled out for one session of three with the second wrong.
    assert ia.mean_average_accuracy([[1, 0, 1]]) == pytest.approx((1 + 0 + 2 / 3) / 3)


@pytest.mark.parametrize(
    ("correct", "valid", "message"),
    [
        ([1, 0], None, r"shape \(2,\)"),
        ([[1, 0]], [[0, 0]], "session 0 has no first asked track"),
        ([[1, 0, 1]], [[1, 0, 1]], "session 0 goes on after it has ended"),
        ([[1, 0]], [[1]], "they must agree"),
    ],
)
def test_impossible_sessions_are_refused(correct, valid, message):
    with pytest.raises(ValueError, match=message):
        ia.mean_average_accuracy(correct, valid)


def test_synthetic_sessions_follow_their_regimes():
    sessions = ia.draw_sessions(6000, np.random.default_rng(0))
    assert np.bincount(sessions.regime).tolist() == [2000] * 3
    persistent, interactive, musical = (sessions.regime == k for k in range(3))
    last = sessions.given[:, -1, 2:3] > 0
    # Nine in ten repeat the last; half do where it does not count.
    assert ((sessions.skipped > 0.5) == last)[persistent].mean() == pytest.approx(0.9, abs=0.01)
    assert ((sessions.skipped > 0.5) == last)[interactive].mean() == pytest.approx(0.5, abs=0.04)
    eager = sessions.given[interactive, :, 3].mean(axis=1) > 0
    assert (eager == (sessions.skipped[interactive, 0] > 0.5)).mean() > 0.9
    sign = np.concatenate([sessions.given[musical, :, 2] * np.sign(sessions.given[musical, :, 4])], axis=1)
    assert (np.abs(sign.sum(axis=1)) == 10).all()
    shares = ia.persistence_baseline(sessions)
    assert shares.shape == (6000, 10)


def test_told_sessions_and_bands_add_up():
    found = ia.train_sessions("experts", 0, ia.SessionTraining(n_sessions=1500, epochs=8, width=8))
    assert found.scores["accuracy"] > 0.6
    assert ia.session_leak(found) == 0.0
    assert ia.attribution_by_place(found).sum(axis=-1) == pytest.approx(np.ones((3, 10)), abs=1e-5)
    assert ia.explained_by(found).sum(axis=1).tolist() == pytest.approx([100] * 3)
    told = ia.told_session(found, 0)
    assert len(told) == 10
    assert told[["skips", "starts", "music", "all"]].sum(axis=1).tolist() == pytest.approx([1] * 10, abs=1e-5)


def test_the_trial_finds_the_group_that_tells(tmp_path):
    x, y = told_by_group(600)
    table = pd.DataFrame(
        {"good:a": x[:, 0], "idle:b": x[:, 1], "idle:c": x[:, 2], "y": np.where(y, "yes", "no")}
    )
    path = tmp_path / "own.csv"
    table.to_csv(path, index=False)
    text = trial.run(str(path), tmp_path / "out")
    assert "600 rows, 2 groups" in text
    lines = [line.strip().split(":") for line in text.splitlines() if line.startswith("  ")]
    shares = {name: float(rest.split("%")[0]) for name, rest in lines}
    assert max(shares, key=shares.get) == "good"
    assert len(pd.read_csv(tmp_path / "out" / "own-explained.csv")) == 150


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot be read as CSV"),
        ("a,b,y\n1,2,0\n", "has 1 rows and 3 columns"),
        ("a,b,y\n" + "1,2,0\n" * 60, "has 1 values and 0 gaps"),
        ("g:a,g:b,y\n" + "1,2,0\n3,4,1\n" * 60, "names 1 groups, expected 2 to 12"),
    ],
)
def test_a_table_of_ones_own_that_cannot_be_used_is_refused(content, message, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        trial.run(str(path))
    with pytest.raises(ValueError, match="is no file"):
        trial.run(str(tmp_path / "nowhere.csv"))


def test_the_published_table_reads_the_ledger():
    table = ia.published_skips()
    assert len(table) == 6
    assert table.set_index(["data", "model"]).loc[("Spotify", "transformer"), "MAA"] == "62.8 ± 0.2"


def streaming_folder(tmp_path, **changes):
    """Write two sessions of five and four tracks in the public layout, and their tracks."""
    from soundreasons.data.files import Folder

    ia.write_example_log(tmp_path)
    logs = pd.read_csv(tmp_path / "log.csv").sort_values(["session_id", "session_position"])
    logs.assign(**changes).sample(frac=1, random_state=0).to_csv(tmp_path / "log.csv", index=False)
    return Folder("music_streaming_sessions", {n: tmp_path / n for n in ("log.csv", "tracks.csv")})


def test_the_public_layout_of_sessions_is_read_and_laid_out(tmp_path):
    from soundreasons.data.readers import streaming_sessions

    opened = streaming_sessions.read_csv(streaming_folder(tmp_path))
    assert opened.logs["session_position"].tolist() == [1, 2, 3, 4, 5, 1, 2, 3, 4]
    arrays = ia.encode_streaming(opened.logs, opened.tracks)
    assert arrays.given.shape == (2, 10, 73)
    assert arrays.asked.shape == (2, 10, 31)
    # Five tracks: two given, three asked; four: two and two. skip_2 is true at even positions.
    assert arrays.valid_given.sum(axis=1).tolist() == [2, 2]
    assert arrays.valid.sum(axis=1).tolist() == [3, 2]
    assert arrays.skipped[0, :3].tolist() == [0, 1, 0]
    assert arrays.given[0, :2, 0].tolist() == pytest.approx([1 / 20, 2 / 20])
    assert (arrays.given[0, 2:] == 0).all()
    # Columns 2 to 14 are the context: shuffled, at 13 h, free, two days in, no pause, on the radio.
    assert arrays.given[0, 0, 2:15].tolist() == pytest.approx(
        [1, 13 / 24, 0, 2 / 30, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    )


def test_one_step_on_the_public_layout_leaves_padding_out(tmp_path):
    ia.write_example_log(tmp_path)
    opened = ia.read_streaming(tmp_path)
    arrays, model = ia.encode_streaming(opened.logs, opened.tracks), ia.streaming_transformer()
    loss = ia.streaming_loss(model, arrays)
    other = np.where(arrays.valid, arrays.skipped, 1 - arrays.skipped)
    assert torch.equal(loss, ia.streaming_loss(model, arrays._replace(skipped=other)))
    loss.backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"track_id_clean": "t9"}, "track t9 has no features"),
        ({"context_type": "dream"}, "context_type is 'dream', expected one of catalog"),
    ],
)
def test_sessions_that_do_not_fit_the_layout_are_refused(changes, message, tmp_path):
    from soundreasons.data.readers import streaming_sessions

    opened = streaming_sessions.read_csv(streaming_folder(tmp_path, **changes))
    with pytest.raises(ValueError, match=message):
        ia.encode_streaming(opened.logs, opened.tracks)


def test_a_session_with_a_gap_and_a_log_without_a_column_are_refused(tmp_path):
    from soundreasons.data import DataError
    from soundreasons.data.readers import streaming_sessions

    with pytest.raises(DataError, match="session s1 has a gap"):
        streaming_sessions.read_csv(streaming_folder(tmp_path, session_position=[1, 2, 3, 4, 6, 1, 2, 3, 4]))
    folder = streaming_folder(tmp_path)
    pd.read_csv(tmp_path / "log.csv").drop(columns="skip_2").to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(DataError, match=r"log.csv has no column skip_2"):
        streaming_sessions.read_csv(folder)


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
    if not ia.available("movielens_100k"):
        pytest.skip("movielens_100k is not on this machine (not checkable here)")
    films = ia.load_films("movielens_100k")
    # Counts of the publisher's readme: 943 people, 670 of them men; 1682 films; 21 occupations.
    assert (films.n_users, films.n_items, len(films.ratings)) == (943, 1682, 100_000)
    assert np.bincount(films.people[:, 0]).tolist() == [273, 670]
    assert films.people.max(axis=0).tolist() == [1, 6, 20]
    features = ia.film_features(films, ia.FilmTraining())
    # 16 G features of content with G = 2: as many of people as of films (section 4.2).
    assert len(features.groups[0]) == 32
