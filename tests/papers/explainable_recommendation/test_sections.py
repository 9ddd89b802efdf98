"""The sections' experiments on a model that can be worked out by hand, and on two known tastes."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from soundreasons.papers import explainable_recommendation as er
from soundreasons.papers.explainable_recommendation.data import Tables
from soundreasons.papers.explainable_recommendation.experiments import (
    accuracy,
    axes,
    bias,
    counterfactuals,
    criteria,
    forms,
    goals,
    industry,
    one_recommendation,
    places,
    scrutable,
    splits,
    stable,
)
from soundreasons.papers.explainable_recommendation.fast import (
    exact,
    explainers,
    paths,
    people,
    surrogates,
    words,
)
from soundreasons.papers.explainable_recommendation.fast.perturbation import remember
from soundreasons.papers.explainable_recommendation.fast.recommenders import WeightMatrix
from support.two_tastes import context_of

N = 14


class Hanging(WeightMatrix):
    """Item 2 hangs on artist 0 with weight 1; items 4 to 13 on artist 1 with 1/2; nothing on others."""

    def _learn(self, interactions):
        self.weights = np.zeros((N, N))
        self.weights[0, 2], self.weights[1, 4:] = 1.0, 0.5


@pytest.fixture
def hanging():
    """User 0 plays artists 0 and 1, so the ten are item 2 and items 4 to 12; three others play artist 3."""
    rows = np.zeros((4, N))
    rows[0, :2], rows[1:, 3] = 1, 1
    model = Hanging().fit(sp.csr_matrix(rows))
    tags = np.zeros((N, 2))
    tags[:3, 0], tags[3:, 1] = 1, 1
    graph = pd.DataFrame({"item": [], "relation": [], "value": []})
    return model, er.Context(model.interactions, sp.csr_matrix(tags), sp.csr_matrix((4, 4)), graph)


@pytest.fixture(scope="module")
def wide():
    """Two tastes of twenty items, of which each of 80 users plays ten: enough to hide two of."""
    rng, rows = np.random.default_rng(0), np.zeros((80, 40))
    for user, row in enumerate(rows):
        row[20 * (user % 2) + rng.choice(20, 10, replace=False)] = 1
    taste = sp.csr_matrix(rows)
    known = context_of(taste)
    names, words_ = np.array([f"artist {k}" for k in range(40)]), np.array(["loud", "fast", "soft", "slow"])
    return er.data.Listening(
        "wide", taste, taste, known.tags, known.tags, known.friends, known.graph, names, words_
    )


@pytest.fixture(scope="module")
def part(wide):
    return splits.fit_split(wide, 0, n_samples=60)


def test_the_five_explained_items_are_the_first_five(hanging):
    model, context = hanging
    assert er.pairs(model, [0]) == [(0, 2), (0, 4), (0, 5), (0, 6), (0, 7)]
    found = er.fast.pairs.explained(model, exact.exact, [0], context)
    assert [pair.cited.tolist() for pair in found] == [[0], [1], [1], [1], [1]]


def test_a_counterfactual_of_the_hanging_item_is_what_it_hangs_on(hanging):
    # Without artist 0, ten items with 1/2 stand before item 2. Items 4 to 7 stay: without 1 all are at 0.
    model, context = hanging
    table = counterfactuals.counterfactuals(model, [0], context)
    assert table["found"].tolist() == [True, False, False, False, False]
    assert table.loc[0, ["size", "share", "valid", "n_history"]].tolist() == [1, 0.5, 1, 2]
    assert table.loc[1:, ["size", "valid"]].isna().all(axis=None)
    change = exact.counterfactual(model, 0, 2, context)
    assert (change.items.tolist(), change.weights.tolist(), change.instead) == ([0], [1.0], 13)


def test_edits_are_counted_until_the_item_is_gone_and_eleven_where_it_stays(hanging):
    model, context = hanging
    assert scrutable.edits_to_remove(model, exact.exact, [0], context).tolist() == [1, 11, 11, 11, 11]


def test_citations_count_the_cited_of_five_pairs(hanging):
    model, context = hanging
    assert bias.citations(model, exact.exact, [0], context)[:3].tolist() == [1, 4, 0]


def test_bias_by_hand(hanging):
    # Artists 0 and 1 have one listener each, the recommended none; 0 is cited once, 1 four times.
    model, context = hanging
    table = bias.bias(model, exact.exact, [0], context)
    assert table["coverage"].tolist() == pytest.approx([2 / 14, 5 / 14, 2 / 14, 2 / 14])
    assert table["listeners"].tolist() == [1, 0, 1, 1]
    # Counts 1 and 4 behind twelve noughts: 2 (13 * 1 + 14 * 4) / (14 * 5) - 15 / 14.
    assert table.loc["evidence", "gini"] == pytest.approx(138 / 70 - 15 / 14)


def test_a_curve_of_one_cause_falls_to_nothing(hanging):
    model, context = hanging
    (curve,) = criteria.mean_curves(model, ["exact"], [0], context, 1).values()
    assert curve.tolist() == [1, 0]


def test_weight_kept_is_a_share_of_the_heaviest_reasons(hanging):
    model, context = hanging
    half = lambda m, u, i, c: er.Evidence(np.array([0]), np.array([m.scores(u)[i] / 2]), "artists")  # noqa: E731
    assert forms.weight_kept(model, half, [0], context).tolist() == [0.5] * 5


def test_contrast_is_with_the_most_popular_that_is_left_out(hanging):
    # Item 3 has three listeners and is not among the ten: the difference of the terms is that of the scores.
    model, context = hanging
    found = exact.contrastive(model, 0, 2, context)
    assert (found.instead, found.items.tolist(), found.weights.tolist()) == (3, [0, 1], [1, 0])


def test_hooks_carry_the_playlist_and_the_discovery_is_its_least_known(hanging):
    model, context = hanging
    hooks, discovery = forms.hooks_of(model, 0, np.array([2, 4, 3]), context)
    assert (hooks.tolist(), discovery) == ([0, 1], 2)
    told = exact.hooks_and_discovery(model, 0, 2, context)
    assert (told.items.tolist(), told.weights.tolist()) == ([0], [1.0])


def test_a_playlist_s_taste_is_named_by_the_tags_it_carries(hanging):
    _, context = hanging
    tastes = words.Tastes(np.array([[1.0, 0.4]]), np.array([[1.0, 5.0], [3.0, 0.0]]))
    # Item 2 carries tag 0 alone, log(14 / 3) over itself: the second taste fits with 0.4 * 3 over 1 * 1.
    assert forms.playlist_taste(np.array([2]), 0, context, tastes)[0] == 0
    assert tastes.words(0, 1).tolist() == [1]


def test_hits_and_confidence_by_hand(hanging):
    # Only item 2 is liked, with the highest of ten scores: one of five in the stronger half, none below.
    model, _ = hanging
    test = sp.csr_matrix(([1.0], ([0], [2])), (4, N))
    assert goals.hits(model, test, [0]).tolist() == [True, False, False, False, False]
    assert goals.confidence_gap(model, [0], test) == pytest.approx(0.2)


def test_a_list_is_named_with_its_heaviest_reasons(hanging, small):
    model, _ = hanging
    names = np.array([f"artist {k}" for k in range(N)])
    listening = dataclasses.replace(small, item_names=names)
    table = one_recommendation.name_recommendations(model, 0, 2, listening)
    assert table.values.tolist() == [["artist 2", "artist 0, artist 1"], ["artist 4", "artist 1, artist 0"]]


def test_two_stages_of_one_model_agree_and_keep_nothing_out(hanging):
    model, context = hanging
    found = industry.pipeline(model, model, [0], context)
    assert (found["agreement"].tolist(), found["kept_out"].tolist()) == ([1.0], [0.0])


def test_newcomers_of_two_tastes_are_told_of_people_alike_from_the_first_artist_on(part):
    # An artist of a taste is played by some twenty of its forty listeners: far above five.
    table = industry.newcomers(part, "ease", range(8), [1, 6], np.random.default_rng(0))
    assert table["length"].tolist() == [1, 6]
    assert table["people"].tolist() == [1, 1]
    # Ten of the twelve unheard of the taste can be listed, so two hidden are found at 10 in 12 on average.
    assert table["recall"].between(0.5, 1).all()


def test_latency_counts_the_cores_of_ten_million_listeners(hanging):
    model, context = hanging
    table = industry.latency(model, {"exact": exact.exact}, [0], context, n_listeners=8640)
    (row,) = table.itertuples()
    assert row.explainer == "exact"
    assert row.cores == pytest.approx(row.ms / 1000)  # a listener asks for ten explanations in 86,400 s


def test_over_splits_gives_one_mean_a_split(hanging):
    model, context = hanging
    one = splits.Split({"hanging": model}, model.interactions, model.interactions, context)
    found = splits.over_splits("length", "exact", "hanging", [one, one], [np.array([0])] * 2)
    assert found == [1.0, 1.0]


def test_what_the_first_cited_alone_would_give_is_kept(hanging):
    model, context = hanging
    (first, *_) = er.fast.pairs.explained(model, exact.exact, [0], context)
    assert first.kept.tolist() == [1.0] * 5


def test_answered_insertion_and_deletion_of_one_cause_are_one(hanging):
    model, context = hanging
    judge = er.fast.criteria
    for criterion in (judge.answered, judge.insertion, judge.deletion):
        assert criterion(model, exact.exact, [0], context).tolist() == [1.0] * 5


def test_sensitivity_of_a_sum_is_nothing_and_of_what_grows_is_not(part):
    users = range(5)
    still = er.fast.changes.sensitivity(part.models["ease"], exact.exact, users, part.context)
    assert np.nanmax(still) == pytest.approx(0, abs=1e-9)
    moved = er.fast.changes.sensitivity(part.models["als"], exact.exact, users, part.context)
    assert np.nanmin(moved) > 0


def test_reasons_of_two_users_for_one_item_are_set_apart(hanging):
    # Personalisation by hand: users 1 to 3 have one history, so the same reasons: 1 - 1.
    model, context = hanging
    fixed = lambda m, u, i, c: er.Evidence(m.history(u), np.ones(len(m.history(u))), "artists")  # noqa: E731
    found = er.fast.changes.personalisation(model, fixed, [1, 2], context)
    assert set(found) == {0.0}
    mixed = er.fast.changes.personalisation(model, fixed, [0, 1], context)
    assert set(mixed[~np.isnan(mixed)]) == {1.0}


def test_verifiable_reasons_are_backed_and_not_everybody_s(hanging):
    # Artists 0 and 1 share their foremost tag with item 2 and have one listener each; item 4 has another tag.
    model, context = hanging
    found = er.fast.criteria.verifiable(model, exact.exact, [0], context)
    assert found.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]


def test_what_a_context_works_out_by_hand(hanging):
    _, context = hanging
    assert context.foremost[0].tolist() == [0]
    assert context.held_item_tags[3].indices.tolist() == [1]
    assert context.unit_histories[0].data.tolist() == pytest.approx([0.5**0.5] * 2)
    near, cosines = people.neighbours(1, context)
    assert (sorted(near.tolist()), cosines.tolist()) == ([2, 3], [1.0, 1.0])


def test_a_memory_keeps_the_last_of_its_kind(hanging):
    _, context = hanging
    for number in range(4):
        remember(context, ("kind", number), number, n_kept=2)
    remember(context, ("other", 0), 9, n_kept=1)
    assert context.memory == {("kind", 2): 2, ("kind", 3): 3, ("other", 0): 9}


def test_random_reasons_are_of_the_history_and_the_same_when_asked_again(hanging, models, context):
    model, own = hanging
    one, two = (explainers.decoy(model, 0, 2, own) for _ in range(2))
    assert sorted(one.items.tolist()) == [0, 1]
    assert np.array_equal(one.weights, two.weights)
    cited = words.random_tags(models["ease"], 0, 3, context)
    assert len(set(cited.items.tolist())) == 3
    assert set(cited.items) <= set(range(4))


def test_tags_become_the_artists_that_carry_them(hanging):
    _, context = hanging
    found = words.histories_share(
        er.Evidence(np.array([1]), np.array([2.0]), "tags"), np.array([0, 3]), context
    )
    assert (found.items.tolist(), found.weights.tolist()) == ([3, 0], [2.0, 0.0])


def test_the_link_of_a_path_is_a_tag_or_a_kind_of_fact(small):
    assert paths.link_words(paths.Path(0, "tag", 2, 0.5), small) == "soft"
    origin = paths.Path(0, "music.artist.origin", 1, 0.5)
    assert paths.link_words(origin, small) == "come from the same place"


def test_people_alike_are_counted_by_level(models, context):
    # Two tastes: of the twenty of one's own, those who play an item of it, and nobody of the others'.
    item = int(er.top(models["ease"], 0, 1)[0])
    found = people.listeners(models["ease"], 0, item, context)
    near, _ = people.neighbours(0, context)
    assert found.weights.sum() == context.interactions[near][:, [item]].sum()


def test_prototypes_cite_the_history_of_the_item_s_kind(models, context):
    item = int(er.top(models["ease"], 0, 1)[0])
    found = surrogates.prototypes(models["ease"], 0, item, context)
    assert np.isin(found.items, models["ease"].history(0)).all()
    labels, _ = surrogates._clusters(context)
    assert (labels[found.items] == labels[item]).all()


def test_a_surrogate_that_sees_the_taste_imitates_a_model_of_tastes(part):
    found = surrogates.surrogate(part.models["ease"], part.context, n_tags=4)
    assert found.r2["tree"] > 0.5
    reasons = surrogates.surrogate_tags(part.models["ease"], 0, 5, part.context)
    assert reasons.kind == "tags"
    given = part.context.item_tags[5].indices
    assert set(reasons.items) <= set(given)


def test_rules_lead_from_the_history_to_the_item_with_their_confidence(part):
    model = part.models["ease"]
    item = int(er.top(model, 0, 1)[0])
    found = surrogates.rule_evidence(model, 0, item, part.context)
    confidence = surrogates.rules(model, part.context).confidence
    assert len(found.items)
    assert found.weights.tolist() == [confidence[j, item] for j in found.items]


def test_a_factorisation_takes_other_factors_and_other_histories(models, tastes_matrix):
    model = models["als"]
    zero = model.with_factors(np.zeros_like(model.item_factors))
    assert not zero.scores(0).any()
    other = model.with_histories(tastes_matrix[::-1])
    assert np.allclose(other.scores(0), model.scores(39))
    assert np.array_equal(other.item_factors, model.item_factors)


def test_a_plane_parts_the_two_tastes(context):
    plane = one_recommendation.taste_plane(context)
    assert plane.shape == (12, 2)
    # Nobody plays across, so a direction is of one taste or of the other.
    one, two = np.abs(plane[:6]).max(axis=0), np.abs(plane[6:]).max(axis=0)
    assert np.minimum(one, two) == pytest.approx(0, abs=1e-9)


# -- means and tables ---------------------------------------------------------------------------------------


def test_accuracies_are_means_over_users_and_tags_see_all_taggers(part, wide):
    table = accuracy.accuracies(part, wide)
    own = er.fast.accuracy.accuracy(part.models["ease"], part.test)
    assert accuracy.mean_accuracy(part.models["ease"], part).to_dict() == own.mean().to_dict()
    assert table.loc["ease"].tolist() == pytest.approx([own["recall"].mean(), own["ndcg"].mean()])
    tags = er.TagContent(tags=sp.csr_matrix(wide.tags + wide.held_tags)).fit(part.train)
    assert table.loc["tags", "ndcg"] == er.fast.accuracy.accuracy(tags, part.test)["ndcg"].mean()


def test_axes_hold_means_of_what_is_measured_elsewhere(part):
    users = np.arange(10)
    table = axes.model_axes(part, users, ["ease", "als"])
    for name in table.index:
        model = part.models[name]
        lost = er.fast.criteria.deletion(model, exact.exact, users, part.context)
        assert table.loc[name, "deletion"] == pytest.approx(np.nanmean(lost))
        precision, recall = axes.explainability(model, users, part.context)
        assert table.loc[name, "explainability"] == precision.mean()
        assert table.loc[name, "explainable found"] == np.nanmean(recall)


def test_rank_correlation_of_opposite_orders_is_minus_one():
    table = pd.DataFrame({"ndcg": [1, 2, 5], "plausibility": [0.3, 0.2, 0.1]})
    assert axes.rank_correlation(table, "ndcg", "plausibility") == pytest.approx(-1)


def test_sizes_count_what_is_kept(small):
    told = er.data.sizes(small).set_index("what")["number"]
    assert told[["users", "items", "interactions", "tags", "facts"]].tolist() == [40, 12, 160, 4, 12]
    assert told["friendships"] == 2 * 20 * 19 // 2


def test_tables_are_numbered_in_the_order_of_the_publisher_s_ids():
    # Item 7 has one listener and goes; user 30, who played nothing else, goes with it.
    raw = Tables(
        name="made",
        listens=pd.DataFrame({"user": [20, 10, 20, 30], "item": [5, 9, 9, 7], "plays": [3, 1, 2, 8]}),
        taggings=pd.DataFrame(
            {"item": [9, 9, 5, 7], "tag": [4, 4, 4, 3], "held": [False, True, False, False]}
        ),
        friends=pd.DataFrame({"user": [10, 10], "friend": [20, 30]}),
        facts=pd.DataFrame({"item": [5, 9], "relation": "music.artist.origin", "value": [1, 1]}),
        item_names={5: "five", 9: "nine", 7: "seven"},
        tag_names={3: "three", 4: "four"},
    )
    found = er.data.number_tables(raw, 1, 2)
    assert found.item_names.tolist() == ["five", "seven", "nine"]
    found = er.data.number_tables(raw, 2, 2)
    assert found.item_names.tolist() == ["nine"]
    assert found.plays.toarray().tolist() == [[1.0], [2.0]]
    assert er.data.binary(found.plays).toarray().tolist() == [[1.0], [1.0]]
    assert (found.tags.toarray().tolist(), found.held_tags.toarray().tolist()) == ([[1.0]], [[1.0]])
    assert (found.tag_names.tolist(), found.friends.nnz) == (["four"], 1)


def test_every_goal_has_a_proxy_with_the_value_that_its_experiment_gives(part):
    users = list(range(10))
    talks = {
        way: goals.decide(part.models["ease"], users, part.context, part.test, way, np.random.default_rng(0))
        for way in goals.STRATEGIES
    }
    table = goals.goal_proxies(part, users, talks, checked=0.25, valid=1.0).set_index("goal")["measured"]
    assert len(table) == 14
    assert table[["forgiveness", "causality", "privacy"]].tolist() == [0.25, 1, 5]
    assert table["effectiveness"] == goals.effectiveness(talks["honest"])
    lacking = er.fast.criteria.sufficiency(part.models["ease"], exact.exact, users, part.context)
    assert table["transparency"] == pytest.approx(1 - np.nanmean(lacking))
    told = goals.acceptance(talks["persuasive"]) - goals.acceptance(talks["honest"])
    assert table["persuasiveness"] == pytest.approx(told)


def test_forgiveness_parts_failed_items_from_liked_ones(hanging):
    # Of the five items, item 2 is liked, and its reason alone can be checked.
    model, context = hanging
    test = sp.csr_matrix(([1.0], ([0], [2])), (4, N))
    one = splits.Split({"hanging": model}, model.interactions, test, context)
    table = goals.forgiveness(model, ["exact"], [0], one)
    assert table.loc["exact"].to_dict() == {"failed": 0.0, "liked": 1.0}


def test_imitations_hold_the_surrogate_s_values_and_the_share_that_rules_explain(part):
    users = list(range(6))
    table = places.imitations(part, ["ease"], users)
    small = surrogates.surrogate(part.models["ease"], part.context)
    ruled = er.fast.criteria.answered(
        part.models["ease"], surrogates.rule_evidence, users, part.context
    ).mean()
    expected = [small.r2["tree"], small.r2["line"], small.spearman["line"], ruled]
    assert table.loc["ease"].tolist() == expected


def test_if_and_rather_name_what_is_struck_out_and_what_comes_in(hanging, small):
    model, context = hanging
    listening = dataclasses.replace(small, item_names=np.array([f"artist {k}" for k in range(N)]))
    said = scrutable.if_and_rather(model, 0, 2, context, listening)["sentence"].tolist()
    assert said == [
        "Without artist 0, it would not be among the ten; artist 13 would come in.",
        "artist 2 rather than artist 3: mostly because of artist 0.",
    ]
    (nothing, _) = scrutable.if_and_rather(model, 0, 4, context, listening)["sentence"]
    assert nothing == "Nothing that we tried removes it."


def test_a_model_trained_anew_agrees_with_itself_and_less_with_another(part):
    one = part.models["als"]
    others = {"same": one, "other": er.ALS(factors=2, seed=5).fit(part.train)}
    table = stable.retrained_table(one, others, ["exact", "tags"], range(6), part.context)
    assert table["same"].tolist() == [1, 1]
    assert table.loc["exact", "other"] < 1
    assert table.loc["tags", "other"] == 1  # tags do not look at the model


def test_tables_that_do_not_fit_are_not_laid_side_by_side():
    with pytest.raises(ValueError, match="2 tables, expected one or more with the same rows"):
        splits.side_by_side([pd.DataFrame({"a": [1]}, index=["x"]), pd.DataFrame({"a": [1]}, index=["y"])])
