"""Sessions: synthetic ones follow their regimes, public ones are laid out as the paper lays them out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from soundreasons.learning.strays import RefuseStrays
from soundreasons.papers.interpretable_attribution import experiments, fast, method
from soundreasons.papers.interpretable_attribution.data import public_sessions, published
from soundreasons.papers.interpretable_attribution.data.sessions import (
    SUFFICIENT,
    Sessions,
    draw_sessions,
    persistence_baseline,
)

TRAINING = experiments.sessions.SessionTraining(
    n_sessions=1500, epochs=8, size=method.TransformerSize(8, 2, 1)
)


def test_synthetic_sessions_follow_their_regimes():
    sessions = draw_sessions(6000, np.random.default_rng(0))
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
    shares = persistence_baseline(sessions)
    assert shares.shape == (6000, 10)


def test_told_sessions_and_bands_add_up():
    found = experiments.sessions.train_sessions("experts", 0, TRAINING)
    assert found.scores["accuracy"] > 0.6
    assert experiments.sessions.session_leak(found) == 0.0
    assert experiments.sessions.attribution_by_place(found).sum(axis=-1) == pytest.approx(
        np.ones((3, 10)), abs=1e-5
    )
    assert experiments.sessions.explaining_subsets(found).sum(axis=1).tolist() == pytest.approx([100] * 3)
    told = experiments.sessions.describe_session(found, 0)
    assert len(told) == 10
    assert told[["skips", "starts", "music", "all"]].sum(axis=1).tolist() == pytest.approx([1] * 10, abs=1e-5)


def four_sessions():
    """One place each: persistent, interactive, musical and musical sessions, all skipped but the last."""
    regime = np.array([0, 1, 2, 2])
    given, asked = np.zeros((4, 1, 8), np.float32), np.zeros((4, 1, 6), np.float32)
    return Sessions(given, asked, np.array([[1.0], [1.0], [1.0], [0.0]], np.float32), regime)


def test_recovery_counts_the_smallest_sufficient_subset():
    # Each session is explained by the subset that suffices for it, but the last, by everything.
    outputs = torch.zeros(4, 1, 5)
    for session, expert in enumerate([*SUFFICIENT, 4]):
        outputs[session, 0, expert] = 0.9
    found = experiments.sessions.recovery(outputs, four_sessions())
    assert found["recovered.all"] == 0.75
    assert [found[f"recovered.{name}"] for name in ("persistence", "interaction", "musical")] == [1, 1, 0.5]
    # One, one, two and three groups, the place left out.
    assert found["size"] == pytest.approx(7 / 4)


def test_skips_are_scored_three_ways():
    found = experiments.sessions.skip_scores(np.array([[True, False], [False, True]]))
    assert found == {"accuracy": 0.5, "first": 0.5, "maa": pytest.approx((0.5 + 0.25) / 2)}


@pytest.mark.parametrize("kind", ["experts", "plain"])
def test_a_training_step_on_sessions_keeps_to_its_device(kind):
    model = experiments.sessions.session_model(kind, TRAINING).to("meta")
    # Who is asked before whom is put on the device at the first step, and kept there.
    fast.gate_weights(torch.empty(1, len(model.subsets), device="meta"), model.subsets)
    with RefuseStrays():
        given, asked = torch.empty(3, 10, 8, device="meta"), torch.empty(3, 10, 6, device="meta")
        skipped = torch.empty(3, 10, device="meta")
        experiments.sessions.session_loss(model, given, asked, skipped).backward()
        torch.optim.Adam(model.parameters(), foreach=False).step()


def test_the_published_table_reads_the_ledger():
    table = published.published_skips()
    assert len(table) == 6
    assert table.set_index(["data", "model"]).loc[("Spotify", "transformer"), "MAA"] == "62.8 ± 0.2"


def streaming_folder(tmp_path, **changes):
    """Write two sessions of five and four tracks in the public layout, and their tracks."""
    from soundreasons.data.files import Folder

    public_sessions.write_example_log(tmp_path)
    logs = pd.read_csv(tmp_path / "log.csv").sort_values(["session_id", "session_position"])
    logs.assign(**changes).sample(frac=1, random_state=0).to_csv(tmp_path / "log.csv", index=False)
    return Folder("music_streaming_sessions", {n: tmp_path / n for n in ("log.csv", "tracks.csv")})


def test_the_public_layout_of_sessions_is_read_and_laid_out(tmp_path):
    from soundreasons.data.readers import streaming_sessions

    opened = streaming_sessions.read_csv(streaming_folder(tmp_path))
    assert opened.logs["session_position"].tolist() == [1, 2, 3, 4, 5, 1, 2, 3, 4]
    arrays = public_sessions.encode_streaming(opened.logs, opened.tracks)
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
    public_sessions.write_example_log(tmp_path)
    opened = public_sessions.read_streaming(tmp_path)
    arrays, model = (
        public_sessions.encode_streaming(opened.logs, opened.tracks),
        experiments.public_sessions.streaming_transformer(),
    )
    loss_of = experiments.public_sessions.streaming_loss
    loss = loss_of(model, arrays)
    other = np.where(arrays.valid, arrays.skipped, 1 - arrays.skipped)
    assert torch.equal(loss, loss_of(model, arrays._replace(skipped=other)))
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
        public_sessions.encode_streaming(opened.logs, opened.tracks)


def test_a_session_with_a_gap_and_a_log_without_a_column_are_refused(tmp_path):
    from soundreasons.data import DataError
    from soundreasons.data.readers import streaming_sessions

    with pytest.raises(DataError, match="session s1 has a gap"):
        streaming_sessions.read_csv(streaming_folder(tmp_path, session_position=[1, 2, 3, 4, 6, 1, 2, 3, 4]))
    folder = streaming_folder(tmp_path)
    pd.read_csv(tmp_path / "log.csv").drop(columns="skip_2").to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(DataError, match=r"log.csv has no column skip_2"):
        streaming_sessions.read_csv(folder)


def test_models_of_sessions_are_compared_with_going_on_as_before():
    sessions = four_sessions()
    sessions.given[:2, -1, 2] = 1.0  # the first two skipped their last track, the others did not
    scores = {"accuracy": 0.5, "first": 0.5, "maa": 0.5}
    runs = {
        "experts": [experiments.sessions.SessionRun({**scores, "recovered.all": 0.25}, None, sessions, None)],
        "plain": [experiments.sessions.SessionRun(scores, None, sessions, None)],
    }
    found = experiments.sessions.compare(runs).set_index("model")
    # All skip but the last: going on is right for the first two and the last.
    assert found.loc["persistence", ["accuracy", "first", "maa"]].tolist() == [0.75] * 3
    assert found.loc["experts", "recovered.all"] == 0.25


def test_both_sides_of_a_log_are_counted(tmp_path):
    public_sessions.write_example_log(tmp_path)
    logged = public_sessions.read_streaming(tmp_path)
    found = public_sessions.describe(public_sessions.encode_streaming(logged.logs, logged.tracks))
    # Sessions of five and four tracks: two and two are given, three and two asked.
    assert found.iloc[:, 1:].to_numpy().tolist() == [[2, 10, 73, 4], [2, 10, 31, 5]]
