"""When training stops, and what is refused or given at the edges."""

from __future__ import annotations

import numpy as np
import pytest

from soundreasons.papers.concept_hierarchies.method import probe, similarity, tracks


def test_training_ends_when_its_patience_does(monkeypatch):
    drawn = []
    batch = probe._batch
    monkeypatch.setattr(probe, "_batch", lambda *given: drawn.append(1) or batch(*given))
    is_positive = np.arange(40) % 2 == 0
    noise = np.random.default_rng(0).normal(size=(40, 1, 2))
    part = tracks.split_tracks(is_positive[:, np.newaxis])[:, 0]
    settings = probe.ProbeSettings(epochs=60, steps=2, learning_rate=5.0, patience=3)
    found = probe.fit_probe(noise, is_positive, part, settings)
    # In noise the validation loss soon rises; three epochs after the best one nothing is drawn any more.
    assert found.epochs[0] < 57
    assert len(drawn) == 2 * (found.epochs[0] + 3)


def test_one_concept_alone_has_no_edge_and_a_threshold_of_zero():
    assert similarity.threshold_for(np.array([[1.0]])) == 0.0


def test_labels_of_three_axes_are_refused():
    with pytest.raises(ValueError, match="expected bool"):
        tracks.split_tracks(np.zeros((40, 1, 2), dtype=bool))
