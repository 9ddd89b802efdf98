"""What is fast gives what is plain, on random small input."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from soundreasons.papers.concept_hierarchies import fast, method


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 14), share=st.floats(0.02, 0.9), seed=st.integers(0, 10_000))
def test_betweenness(n, share, seed):
    graph = np.random.default_rng(seed).random((n, n)) < share
    assert fast.betweenness(graph) == pytest.approx(method.betweenness(graph), abs=1e-12)


@settings(max_examples=12, deadline=None)
@given(
    sampling=st.sampled_from(["balanced", "expected"]),
    dropout=st.sampled_from([0.0, 0.25]),
    plateau=st.integers(1, 3),
    seed=st.integers(0, 10_000),
)
def test_one_probe_is_the_same_alone_and_in_the_fit_of_many(sampling, dropout, plateau, seed):
    # The plain form has autograd's gradient and torch's Adam, the fast one its own of both.
    rng = np.random.default_rng(seed)
    labels = rng.random((60, 1)) < 0.4
    features = (rng.normal(size=(60, 2, 5)) + labels[:, np.newaxis]).astype(np.float32)
    parts = method.split_tracks(labels, fewest=4)
    quick = method.ProbeSettings(
        sampling, epochs=6, steps=8, learning_rate=0.05, dropout=dropout, patience=4, plateau=plateau
    )
    plain = method.fit_probe(features, labels[:, 0], parts[:, 0], quick, seed=seed)
    many = fast.fit_probes(features, labels, parts, quick, seed=seed)
    assert many.epochs.tolist() == plain.epochs.tolist()
    assert many.vectors == pytest.approx(plain.vectors, abs=2e-4)
    assert many.biases == pytest.approx(plain.biases, abs=2e-4)
    assert many.accuracy == pytest.approx(plain.accuracy, abs=0.02)  # a score near zero may fall either way


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 30), moments=st.integers(1, 3), seed=st.integers(0, 10_000), linear=st.booleans())
def test_probabilities_in_blocks(n, moments, seed, linear):
    rng = np.random.default_rng(seed)
    probes = method.Probes(rng.normal(size=(4, 3)), rng.normal(size=4), np.ones(4), np.ones(4, dtype=int))
    features = rng.normal(size=(n, moments, 3))
    expected = method.probabilities(features, probes, linear=linear)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("soundreasons.papers.concept_hierarchies.fast.probes._BLOCK_CELLS", 40)
        assert fast.probabilities(features, probes, linear=linear) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(2))
def test_the_network_of_any_weights(seed):
    torch.manual_seed(seed)
    plain = method.VggTagger().eval()
    for norm in plain.norms:  # slopes of either sign, as a trained network has
        torch.nn.init.uniform_(norm.weight, -1.5, 1.5)
        torch.nn.init.uniform_(norm.bias, -0.5, 0.5)
    with torch.inference_mode():
        quick, heard = fast.QuickVgg(plain), torch.rand(1, 70, 96)
        for ours, theirs in zip(quick.pools(heard), plain.pools(heard), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)
        last = torch.rand(2, 128, 2, 1)
        torch.testing.assert_close(quick.logits(last), plain.logits(last))
