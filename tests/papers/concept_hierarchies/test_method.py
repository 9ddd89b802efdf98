"""The definitions, by hand."""

import numpy as np
import pytest
import torch

from soundreasons.papers.concept_hierarchies import method


def test_a_probability_is_the_sigmoid_of_the_score():
    # By hand: log 3 gives 3/4, its negative 1/4; the bias moves the border.
    vector = np.array([1.0, 2.0])
    asked = np.array([[np.log(3), 0.0], [0.0, -np.log(3) / 2], [1.0, 0.0]])
    assert method.probability(asked, vector) == pytest.approx([0.75, 0.25, 1 / (1 + np.exp(-1))])
    assert method.probability(asked[2:], vector, bias=-1.0) == pytest.approx([0.5])
    with pytest.raises(ValueError, match="activations have shape"):
        method.probability(np.ones((2, 3)), vector)


def test_the_loss_and_the_accuracy_count_either_side_one_half():
    # One of the concept told with 3/4, three others: two told with 1/4, one wrongly with 3/4.
    log3 = float(np.log(3))
    scores = torch.tensor([[log3], [-log3], [-log3], [log3]])
    is_positive = torch.tensor([True, False, False, False])
    others = (2 * -np.log(0.75) - np.log(0.25)) / 3
    assert float(method.balanced_loss(scores, is_positive)) == pytest.approx((-np.log(0.75) + others) / 2)
    assert float(method.balanced_accuracy(scores, is_positive)) == pytest.approx((1 + 2 / 3) / 2)
    for judge in (method.balanced_loss, method.balanced_accuracy):
        with pytest.raises(ValueError, match="expected both sides"):
            judge(scores, torch.zeros(4, dtype=torch.bool))


def test_the_papers_filter_is_seventy_percent_and_strict():
    accuracy = np.array([0.65, 0.69, 0.70, 0.705, 0.75])
    probes = method.Probes(np.ones((5, 1)), np.zeros(5), accuracy, np.ones(5, dtype=int))
    assert method.passing(probes).tolist() == [3, 4]
    assert method.passing(probes, 0.66).tolist() == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="expected a share"):
        method.passing(probes, 70)


def test_a_probe_of_tracks_that_do_not_fit_is_refused():
    with pytest.raises(ValueError, match="5 tracks, 4 labels"):
        method.fit_probe(np.ones((5, 1, 2)), np.ones(4, dtype=bool), np.zeros(5, dtype=np.int8))
    with pytest.raises(ValueError, match="features have shape"):
        method.probabilities(
            np.ones((5, 2)), method.Probes(np.ones((1, 2)), np.zeros(1), np.ones(1), np.ones(1, dtype=int))
        )
    with pytest.raises(ValueError, match="no track whose labels"):
        method.shuffled_labels(np.zeros((0, 2), dtype=bool), np.random.default_rng(0))


def test_chance_is_told_by_its_mean_and_its_upper_end():
    # Scores 0, 1, ..., 40 in some order: mean 20, and 97.5 % of the way from 0 to 40 is 39.
    scores = iter(np.random.default_rng(0).permutation(41).astype(float))
    null = method.random_null(lambda tree: next(scores), 4, np.random.default_rng(0), 41)
    assert (null.mean, null.high) == (20.0, 39.0)
    assert sorted(null.values) == list(range(41))
    # A structure that cannot be judged is no score.
    some = iter([np.nan, 2.0, np.nan, 4.0])
    assert method.permuted_null(lambda _: next(some), np.eye(3), np.random.default_rng(0), 4).mean == 3.0


def test_what_does_not_fit_the_truth_is_refused():
    tree = np.array([[0, 1], [0, 0], [1, 0]])
    three = np.zeros(3, dtype=int)
    for judge in (method.same_group_share, method.true_parent_share, method.ancestor_f1):
        with pytest.raises(ValueError, match="of 3 concepts, the structure of 2"):
            judge(tree, three)
    with pytest.raises(ValueError, match="of 3 concepts, the structure of 2"):
        method.related_share(tree, np.ones((3, 3), dtype=bool), np.ones(3, dtype=bool))
    with pytest.raises(ValueError, match="2 vectors for 3 groups"):
        method.sibling_distances(np.ones((2, 2)), three)
    with pytest.raises(method.TooFew, match="1 of 2 concepts have a group"):
        method.nearest_in_group(np.ones((2, 2)), np.array([0, method.NOWHERE]))


def test_where_no_two_are_of_one_group_the_distance_of_siblings_is_not_there():
    within, between = method.sibling_distances(np.array([[0.0], [3.0]]), np.array([0, 1]))
    assert np.isnan(within)
    assert between == 3.0


def test_a_concept_that_hangs_nowhere_has_no_parent_and_no_depth():
    nowhere = np.zeros((3, 2), dtype=np.uint8)
    for ask in (method.parents, method.depths):
        with pytest.raises(ValueError, match="hangs nowhere"):
            ask(nowhere)
    with pytest.raises(ValueError, match="expected"):
        method.ancestors(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="have no order"):
        method.entry_order(np.array([np.nan, 1.0]))


def test_an_edge_to_a_concept_without_a_group_is_left_out_and_group_0_is_a_group():
    # A chain 0 - 1 - 2 - 3: by hand, of groups 0, 0, none, 1 one edge is left, of 0, 0, 1, 1 three.
    chain = np.zeros((5, 4), dtype=int)
    chain[[4, 0, 1, 2], [0, 1, 2, 3]] = 1
    assert method.same_group_share(chain, np.array([0, 0, -1, 1])) == 1.0
    assert np.isnan(method.same_group_share(chain, np.array([0, -1, -1, 0])))  # none is left
    assert method.same_group_share(chain, np.array([0, 0, 1, 1])) == pytest.approx(2 / 3)


def test_a_patch_is_what_the_tagger_takes_187_frames_of_96_bands():
    # The table of Pons and Serra (2019): 187 x 96, which its five pools bring down to 2 x 1.
    assert method.log_mel(torch.zeros(method.PATCH_SAMPLES)).shape == (187, 96)


def test_a_step_sees_64_tracks_of_the_concept_and_64_others(monkeypatch):
    judged, plain = [], method.balanced_loss

    def counting(scores, is_positive):
        judged.append((int(is_positive.sum()), int((~is_positive).sum())))
        return plain(scores, is_positive)

    monkeypatch.setattr(f"{method.fit_probe.__module__}.balanced_loss", counting)
    is_positive = np.arange(40) % 2 == 0
    part = method.split_tracks(is_positive[:, np.newaxis])[:, 0]
    features = np.random.default_rng(0).normal(size=(40, 3, 2))
    short = method.ProbeSettings(epochs=1, steps=5)
    untold = method.fit_probe(features, is_positive, part, short)
    assert judged[:5] == [(64, 64)] * 5
    assert np.array_equal(
        untold.vectors, method.fit_probe(features, is_positive, part, short, seed=0).vectors
    )


def test_probes_are_trained_as_the_paper_says_unless_told_otherwise():
    # Adam at 1e-3, tenfold down after 10 epochs without a better validation loss, stopped after 20; at most
    # 100 epochs of 100 steps on balanced batches, a quarter of the inputs dropped.
    assert vars(method.ProbeSettings()) == {
        "sampling": "balanced",
        "epochs": 100,
        "steps": 100,
        "learning_rate": 1e-3,
        "dropout": 0.25,
        "patience": 20,
        "plateau": 10,
    }
