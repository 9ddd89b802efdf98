"""A block model read off spikes, beside one whose members are exchanged."""

import numpy as np

from soundreasons.papers.spiky_svd.experiments.communities_from_spikes import fit_errors


def test_spikes_explain_tastes_and_exchanged_members_do_not(taste_space):
    association, embedding = taste_space
    errors = fit_errors(association, embedding, np.random.default_rng(0), dimensions=4)
    assert errors["spikes"] < 0.5 < errors["random"]
    assert errors["n_items"] <= association.n_items


def test_without_noise_the_model_misses_nothing_and_exchanged_members_do():
    # Theorem (spikes make communities): two blocks that see only themselves are fitted exactly.
    from soundreasons.papers.spiky_svd import associate, embed, from_pairs

    graph = associate(from_pairs("blocks", "k", list("abcabcdefdef"), list("111222333444")))
    errors = fit_errors(graph, embed(graph.matrix, 6, 0), np.random.default_rng(0), dimensions=2)
    assert errors["spikes"] < 1e-6 < errors["random"]
