"""Experiments on two known tastes: what must come out, and sentences that tell of nobody."""

import re

import numpy as np
import pandas as pd
import pytest

from soundreasons.papers import explainable_recommendation as er

USERS = range(10)


@pytest.fixture(scope="module")
def part(small):
    return er.experiments.splits.fit_split(small, 0, n_samples=60)


def test_a_part_holds_seven_models_fitted_on_what_is_not_hidden(part):
    assert list(part.models) == ["popularity", "tags", "knn", "pagerank", "als", "ease", "hybrid"]
    assert all((m.interactions != part.train).nnz == 0 for m in part.models.values())
    assert part.train.multiply(part.test).nnz == 0


def test_chosen_users_have_enough_to_explain_and_something_hidden(lastfm):
    part = er.experiments.splits.Split({}, *er.data.split(lastfm.interactions, 0), None)
    users = er.experiments.splits.chosen_users(part, 50, np.random.default_rng(0))
    assert len(set(users)) == 50
    assert np.diff(part.train.indptr)[users].min() >= 5
    assert np.diff(part.test.indptr)[users].min() >= 1


def test_a_scorecard_has_a_row_an_explainer_and_pair(models, context):
    card = er.experiments.criteria.scorecard(
        models["ease"], ["exact", "tags"], USERS, context, by=["novelty", "length"]
    )
    assert list(card.columns) == ["user", "item", "explainer", "novelty", "length"]
    assert len(card) == 2 * len(er.pairs(models["ease"], USERS))


def test_intervals_over_users_are_those_of_a_bootstrap_user_by_user():
    from soundreasons.learning.intervals import bootstrap_interval

    rng = np.random.default_rng(3)
    values = rng.normal(size=60)
    card = pd.DataFrame({"explainer": "a", "user": np.arange(60), "item": 0, "one": values, "none": np.nan})
    (row,) = er.experiments.criteria.by_users(card, np.random.default_rng(0)).itertuples()
    slow = bootstrap_interval(values, np.random.default_rng(1))
    assert (row.criterion, row.users) == ("one", 60)
    assert row.mean == pytest.approx(values.mean())
    assert [row.low, row.high] == pytest.approx([slow.low, slow.high], abs=0.03)


def test_users_of_whom_a_criterion_says_nothing_do_not_count():
    card = pd.DataFrame(
        {"explainer": ["a"] * 4, "user": [0, 0, 1, 2], "item": 0, "one": [1.0, np.nan, 3.0, np.nan]}
    )
    (row,) = er.experiments.criteria.by_users(card, np.random.default_rng(0)).itertuples()
    assert (row.mean, row.users) == (2, 2)
    assert row.low <= row.mean <= row.high
    with pytest.raises(ValueError, match="level is 95"):
        er.experiments.criteria.by_users(card, np.random.default_rng(0), level=95)


def test_a_hybrid_may_take_a_linear_model_that_is_there(small):
    alone = er.Hybrid(tags=small.tags).fit(small.interactions)
    linear = er.EASE().fit(small.interactions)
    assert np.allclose(
        er.Hybrid(tags=small.tags, linear=linear).fit(small.interactions).weights, alone.weights
    )
    with pytest.raises(ValueError, match="fitted on other interactions"):
        er.Hybrid(tags=small.tags, linear=linear).fit(small.interactions[1:])


def test_nothing_exchanged_changes_nothing_and_tags_never_change(models, context):
    for how in ("exact", "lime", "shapley", "tags"):
        found = er.experiments.sanity.sanity(
            models["als"], er.explainers[how], USERS, context, [0.0], np.random.default_rng(0)
        )
        assert found[0.0] == pytest.approx(1)
    told = er.experiments.sanity.sanity(
        models["als"], er.explainers["tags"], USERS, context, [1.0], np.random.default_rng(0)
    )
    assert told[1.0] == pytest.approx(1)


def test_randomised_exchanges_factors_and_keeps_them_all(models):
    other = er.experiments.sanity.randomised(models["als"], 1.0, np.random.default_rng(1))
    old, new = models["als"].item_factors, other.item_factors
    assert not np.allclose(old, new)
    assert np.allclose(np.sort(old, axis=0), np.sort(new, axis=0))
    with pytest.raises(ValueError, match="share is 2"):
        er.experiments.sanity.randomised(models["als"], 2, np.random.default_rng(1))


def test_two_models_that_are_one_agree(models, context):
    same = er.experiments.stable.retrained_agreement(
        models["als"], models["als"], er.explainers["exact"], USERS, context
    )
    assert np.nanmin(same) == 1


def test_agreement_of_an_explainer_with_itself_is_one(models, context):
    table = er.experiments.forms.evidence_agreement(models["ease"], ["exact", "tags"], USERS, context)
    assert np.allclose(np.diag(table), 1)
    assert table.loc["exact", "tags"] == pytest.approx(table.loc["tags", "exact"])


def test_deletion_gain_is_nothing_for_random_and_one_for_exact():
    assert er.experiments.plausible.deletion_gain(0.1, 0.1, 0.5) == 0
    assert er.experiments.plausible.deletion_gain(0.5, 0.1, 0.5) == 1
    with pytest.raises(ValueError, match="nothing to compare"):
        er.experiments.plausible.deletion_gain(0.2, 0.5, 0.5)


def test_striking_out_an_artist_takes_it_from_history_and_list(models):
    model = models["ease"]
    artist = int(model.history(0)[0])
    assert artist not in er.experiments.scrutable.recommend_without(model, 0, artist, 3)


def test_two_stages_recommend_only_candidates(models):
    shown = er.experiments.industry.two_stages(models["knn"], models["ease"], 0, n_candidates=2)
    assert set(shown) == set(er.top(models["knn"], 0, 2))


def test_only_tags_reach_items_that_lost_their_listeners(models):
    table = er.experiments.industry.unheard(
        {n: models[n] for n in ("tags", "knn", "ease")}, 3, np.random.default_rng(0)
    ).set_index("model")
    assert table.loc["tags", "scored"] == 1
    assert table.loc[["knn", "ease"], "scored"].max() == 0


def test_every_model_loses_the_same_items(models):
    twice = {"one": models["tags"], "two": models["tags"]}
    scored = er.experiments.industry.unheard(twice, 3, np.random.default_rng(0))["scored"]
    assert scored[0] == scored[1]


def test_exposure_shares_out_everything(models, context):
    shares = er.experiments.bias.exposure(models["ease"], er.explainers["exact"], np.arange(10), context)
    assert np.allclose(shares.drop(columns="group").sum(), 1)


# -- the simulated listener ---------------------------------------------------------------------------


def test_random_reasons_are_accepted_every_second_time(part):
    found = er.experiments.goals.decide(
        part.models["ease"], USERS, part.context, part.train, "random", np.random.default_rng(0)
    )
    assert er.experiments.goals.acceptance(found) == pytest.approx(0.5, abs=0.02)


def test_persuasion_is_accepted_more_often_and_knows_nothing_of_the_item(part):
    rng = np.random.default_rng(0)
    found = er.experiments.goals.decide(
        part.models["ease"], USERS, part.context, part.train, "persuasive", rng
    )
    assert er.experiments.goals.acceptance(found) > 0.5
    for user in np.unique(found.user):
        assert np.ptp(found.belief[found.user == user]) == 0


def test_a_strategy_that_nobody_knows_is_refused(part):
    with pytest.raises(ValueError, match="strategy is 'loud', expected one of honest"):
        er.experiments.goals.decide(
            part.models["ease"], USERS, part.context, part.test, "loud", np.random.default_rng(0)
        )


def test_decisions_about_all_alike_cannot_be_good():
    yes = np.ones(3, dtype=bool)
    with pytest.raises(ValueError, match="alike"):
        er.experiments.goals.effectiveness(er.experiments.goals.Decisions(np.ones(3), yes, yes, np.zeros(3)))


def test_items_looked_at_until_one_is_right_by_hand():
    # First listener: the third is liked and accepted; second: the liked one is refused, so all three.
    likes = np.array([False, True, True, False, True, False])
    accepts = np.array([True, False, True, True, False, True])
    found = er.experiments.goals.Decisions(np.ones(6), accepts, likes, np.array([0, 0, 0, 1, 1, 1]))
    assert er.experiments.goals.shown_until_right(found) == 3


# -- sentences ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scene(small):
    guest = er.experiments.one_recommendation.invent_listener(
        small, ["Artist 0", "artist 2", "ARTIST 4", "artist 5"]
    )
    context = er.experiments.one_recommendation.whole_context(guest.listening, n_samples=60)
    return guest, context, er.EASE().fit(guest.listening.interactions)


def test_an_invented_listener_has_the_history_that_was_written_down(scene):
    guest, context, model = scene
    assert guest.user == 40
    assert model.history(guest.user).tolist() == [0, 2, 4, 5]
    assert context.friends[guest.user].nnz == 0


def test_a_name_that_the_data_does_not_have_is_refused_with_the_nearest(small):
    with pytest.raises(ValueError, match="'artist 33' is not among the names of small; nearest: artist 3"):
        er.experiments.one_recommendation.invent_listener(small, ["artist 3", "artist 33"])
    with pytest.raises(ValueError, match="there is no name"):
        er.experiments.one_recommendation.invent_listener(small, [])


def test_the_most_heard_come_first_ties_by_number(small):
    counts = np.asarray(small.interactions.sum(axis=0)).ravel()
    expected = sorted(range(12), key=lambda item: (-counts[item], item))[:3]
    assert er.data.most_heard(small, 3) == [f"artist {item}" for item in expected]


@pytest.mark.parametrize("family", er.experiments.forms.FAMILIES)
def test_a_playlist_is_explained_in_every_family_by_names_of_the_data(scene, family):
    guest, context, model = scene
    tastes = er.fast.words.tastes(context, n_tastes=2)
    text = er.experiments.forms.playlist_reason(family, model, guest.user, context, guest.listening, tastes)
    assert text.startswith("We built this playlist for you because")
    assert re.search(r"artist \d|loud|fast|soft|slow", text)


@pytest.mark.parametrize("audience", er.experiments.audiences.AUDIENCES)
def test_only_listener_and_engineer_are_told_of_this_listener(scene, audience):
    guest, context, model = scene
    item = int(er.top(model, guest.user, 1)[0])
    text = er.experiments.audiences.told_to(audience, model, guest.user, item, context, guest.listening)
    assert text
    assert not re.search(r"\b40\b", text), "no user's number"
    if audience in ("artist", "platform", "regulator"):
        assert "you" not in text.lower().split()


def test_unknown_families_and_audiences_are_refused(scene):
    guest, context, model = scene
    with pytest.raises(ValueError, match="audience is 'fans'"):
        er.experiments.audiences.told_to("fans", model, guest.user, 1, context, guest.listening)
    with pytest.raises(ValueError, match="family is 'vibes'"):
        er.experiments.forms.playlist_reason(
            "vibes", model, guest.user, context, guest.listening, er.fast.words.tastes(context, n_tastes=2)
        )


def test_a_profile_names_tastes_and_the_artists_that_carry_them(scene):
    guest, context, _ = scene
    card = er.experiments.scrutable.profile_card(
        guest.user, context, er.fast.words.tastes(context, n_tastes=2), guest.listening
    )
    assert card["share"].is_monotonic_decreasing
    assert card["share"].sum() == pytest.approx(1)
    assert set(card.loc[0, "artists"].split(", ")) <= {f"artist {k}" for k in (0, 2, 4, 5)}


def test_more_tastes_than_tags_are_refused(context):
    with pytest.raises(ValueError, match="n_tastes is 9, expected 1 to 4"):
        er.fast.words.tastes(context, n_tastes=9)
