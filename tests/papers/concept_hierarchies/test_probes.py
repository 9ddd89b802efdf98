"""Probes: known answers, an independent library, splits, and a training step that follows the device."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from soundreasons.learning.strays import RefuseStrays, StrayTensorError
from soundreasons.papers import concept_hierarchies as ch
from soundreasons.papers.concept_hierarchies.fast import probes as module
from soundreasons.papers.concept_hierarchies.method.tracks import TEST, TRAIN, VALIDATION

QUICK = ch.ProbeSettings(epochs=15, steps=50, learning_rate=0.01, patience=5)


def tracks(n=400, n_dims=12, n_concepts=5, seed=0, strength=1.5):
    rng = np.random.default_rng(seed)
    labels = rng.random((n, n_concepts)) < np.linspace(0.15, 0.5, n_concepts)
    directions = np.linalg.qr(rng.normal(size=(n_dims, n_concepts)))[0].T
    signal = strength * (2.0 * labels - 1) @ directions
    features = signal[:, np.newaxis] + rng.normal(size=(n, 2, n_dims))
    return features.astype(np.float32), labels, directions


@pytest.mark.parametrize("sampling", ["balanced", "expected"])
def test_probes_find_the_planted_directions(sampling):
    features, labels, directions = tracks()
    found = ch.fit_probes(
        features, labels, ch.split_tracks(labels), ch.ProbeSettings(**{**vars(QUICK), "sampling": sampling})
    )
    cosines = (found.vectors * directions).sum(axis=1) / np.linalg.norm(found.vectors, axis=1)
    assert (cosines > 0.85).all()
    # Two classes at distance 2 x 1.5 with unit noise overlap by a seventh of a tail: accuracy 0.93.
    assert found.accuracy.mean() == pytest.approx(0.93, abs=0.04)


def test_probes_agree_with_scikit_learn():
    features, labels, _ = tracks(strength=0.7)
    parts = ch.split_tracks(labels)
    ours = ch.fit_probes(features, labels, parts, QUICK)
    theirs = []
    for k in range(labels.shape[1]):
        fitted, tested = parts[:, k] != TEST, parts[:, k] == TEST
        model = LogisticRegression(class_weight="balanced").fit(
            features[fitted].reshape(-1, 12), labels[fitted, k].repeat(2)
        )
        theirs.append(
            balanced_accuracy_score(
                labels[tested, k].repeat(2), model.predict(features[tested].reshape(-1, 12))
            )
        )
    assert ours.accuracy.mean() == pytest.approx(np.mean(theirs), abs=0.03)


def test_balanced_batches_and_their_average_give_the_same_accuracy():
    features, labels, _ = tracks(strength=0.7, seed=3)
    parts = ch.split_tracks(labels)
    first = ch.fit_probes(features, labels, parts, QUICK)
    second = ch.fit_probes(features, labels, parts, replace(QUICK, sampling="expected"))
    assert first.accuracy.mean() == pytest.approx(second.accuracy.mean(), abs=0.03)


def test_labels_given_to_other_tracks_leave_chance():
    features, labels, _ = tracks()
    exchanged = ch.shuffled_labels(labels, np.random.default_rng(1))
    assert exchanged.sum(axis=0).tolist() == labels.sum(axis=0).tolist()
    found = ch.fit_probes(features, exchanged, ch.split_tracks(exchanged), QUICK)
    assert found.accuracy.mean() == pytest.approx(0.5, abs=0.08)


def test_the_same_seed_gives_the_same_probes():
    features, labels, _ = tracks(n=120)
    parts = ch.split_tracks(labels)
    first, second = (ch.fit_probes(features, labels, parts, QUICK, seed=4).vectors for _ in range(2))
    assert (first == second).all()


def test_a_split_is_70_10_20_on_either_side_of_each_concept():
    labels = np.arange(200)[:, np.newaxis] < np.array([100, 50])
    parts = ch.split_tracks(labels)
    counts = [
        [int((labels[:, k] & (parts[:, k] == part)).sum()) for part in (TRAIN, VALIDATION, TEST)]
        for k in (0, 1)
    ]
    assert counts == [[70, 10, 20], [35, 5, 10]]
    common = ch.split_tracks(labels, common=True)
    assert (common[:, 0] == common[:, 1]).all()


def test_a_concept_with_too_few_tracks_is_refused_by_number():
    labels = np.zeros((40, 2), dtype=bool)
    labels[:20, 0] = True
    labels[:3, 1] = True
    with pytest.raises(ValueError, match="concept 1 has 3 positives and 37 negatives, expected at least 10"):
        ch.split_tracks(labels)


def test_features_that_are_not_finite_or_do_not_fit_are_refused():
    features, labels, _ = tracks(n=100)
    parts = ch.split_tracks(labels, fewest=4)
    with pytest.raises(ValueError, match="NaN or infinite"):
        ch.fit_probes(np.where(np.arange(12) == 0, np.nan, features), labels, parts)
    with pytest.raises(ValueError, match="features have shape"):
        ch.fit_probes(features[:, 0], labels, parts)


def test_the_filter_is_strict():
    probes = ch.Probes(np.ones((2, 1)), np.zeros(2), np.array([0.70, 0.71]), np.ones(2, dtype=int))
    assert ch.passing(probes).tolist() == [1]
    assert probes.extended.tolist() == [[1, 0], [1, 0]]


def test_a_training_step_of_a_tagger_stays_on_its_device():
    model = ch.VggTagger().to("meta")
    with RefuseStrays():
        optimiser = torch.optim.Adam(model.parameters())
        answer = model(torch.zeros(4, 187, 96, device="meta"))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(answer, torch.zeros(4, 50, device="meta"))
        loss.backward()
        optimiser.step()


@pytest.mark.parametrize("sampling", ["balanced", "expected"])
def test_a_training_step_of_the_probes_stays_on_its_device(sampling, monkeypatch):
    features, labels, _ = tracks(n=100)
    parts = ch.split_tracks(labels, fewest=4)
    settings = ch.ProbeSettings(sampling=sampling)
    job = module._Fit(features, labels, parts, settings, 0, "cpu")
    job.device = "meta"
    for name in ("features", "flat", "labels", "parts"):
        setattr(job, name, getattr(job, name).to("meta"))
    job.weights = {part: w.to("meta") for part, w in job.weights.items()}
    job.members = [tuple(t.to("meta") for t in pair) for pair in job.members]
    job.generator = None
    theta = torch.zeros(5, 13, device="meta")
    with RefuseStrays():
        moments = [torch.zeros_like(theta), torch.zeros_like(theta)]
        job._adam(theta, job._gradient(theta), moments, torch.full((5, 1), 0.1, device="meta"), 1)
        job._loss(theta, VALIDATION)
        job._accuracy(theta)
    job.flat = torch.zeros(200, 12)  # a planted stray is seen
    with pytest.raises((StrayTensorError, RuntimeError)), RefuseStrays():
        job._gradient(theta)


def test_asking_in_blocks_gives_what_asking_at_once_gives(monkeypatch):
    features, labels, _ = tracks(n=200)
    probes = ch.fit_probes(features, labels, ch.split_tracks(labels), replace(QUICK, epochs=2))
    at_once = 1 / (1 + np.exp(-(features @ probes.vectors.T + probes.biases)))
    held = []
    plain = module.method.probabilities
    monkeypatch.setattr(module, "_BLOCK_CELLS", 2 * 12 * 7)  # seven tracks of two moments
    monkeypatch.setattr(module.method, "probabilities",
                        lambda x, p, **o: held.append(len(x)) or plain(x, p, **o))  # fmt: skip
    assert ch.probabilities(features, probes) == pytest.approx(at_once.mean(axis=1), abs=1e-6)
    assert max(held) == 7
