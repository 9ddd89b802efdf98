"""A large folder of music, as the paper's: shelves, broken files, absent decoders, nothing to play."""

import numpy as np
import pytest
import soundfile

from soundreasons import data, ledger, project, results, runner
from soundreasons.data.readers.music import Recording
from soundreasons.papers.music_deepfakes.data import folder as own_folder
from soundreasons.papers.music_deepfakes.data import recordings
from soundreasons.papers.music_deepfakes.experiments import other_decoders, scoring
from soundreasons.papers.music_deepfakes.testbed import decoders, released
from soundreasons.papers.music_deepfakes.testbed import twins as forging

RATE = 44_100
PIECE = 4 * RATE


def write_folder(folder, artists, *, seconds=4.0):
    """One noisy piece an artist, each with a tone of its own."""
    time = np.arange(round(seconds * RATE)) / RATE
    for k, artist in enumerate(artists):
        (folder / artist).mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(k).normal(0, 0.05, len(time))
        tone = 0.1 * np.sin(2 * np.pi * (300 + 40 * k) * time)
        soundfile.write(folder / artist / f"piece {k}.wav", np.stack([noise + tone] * 2, axis=1), RATE)


class Identity:
    """A workshop whose decoders change nothing."""

    def __init__(self, *args):
        pass

    def decoder(self, name):
        return lambda clips: clips


def test_who_has_no_relative_among_the_decoders_gets_no_such_number():
    # The paper profile trains on codec_high, whose other rates it leaves out: only strangers are left.
    scores = {name: np.full((2, 1), 0.9) for name in ("real", "codec_high", "griffin256", "codec_nearest")}
    tracks = np.array([0, 1])
    groups = other_decoders.transfer({"codec_high": scores}, tracks)["codec_high"]
    assert {name: values.tolist() for name, values in groups.items()} == {"strangers": [0, 0]}
    with pytest.raises(ValueError, match="no decoder is named"):
        scoring.detected(scores, tracks, [])


def named(artist, source, k):
    recording = Recording(f"piece {k}", artist, "s", "CC0", (), source != recordings.OWN)
    return recordings.Track(recording, source)


@pytest.mark.parametrize(
    # By hand: free tracks stay while they fill at most half; without a folder the first ones stay.
    ("n_own", "n_free", "most", "expected"),
    [(30, 4, 10, (6, 4)), (30, 20, 10, (5, 5)), (0, 20, 10, (0, 10)), (3, 4, 10, (3, 4)),
     (30, 0, 10, (10, 0)), (2, 20, 10, (2, 8)), (30, 20, 11, (6, 5))],
)  # fmt: skip
def test_a_folder_gives_way_to_what_may_be_played(n_own, n_free, most, expected):
    own = [named(f"own {k}", recordings.OWN, k) for k in range(n_own)]
    free = [named(f"free {k}", "cc_music_tracks", k) for k in range(n_free)]
    kept = recordings._thinned([*own, *free], most)
    assert (
        sum(t.source == recordings.OWN for t in kept),
        sum(t.source != recordings.OWN for t in kept),
    ) == expected
    assert [t for t in kept if t.source != recordings.OWN] == free[: expected[1]]
    assert len(set(kept)) == len(kept)


def test_a_broken_a_short_and_a_silent_file_are_left_out_and_named(tmp_path, monkeypatch):
    write_folder(tmp_path, ["a", "b", "c", "d"])
    write_folder(tmp_path / "short", ["e"], seconds=1.0)
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "broken.mp3").write_bytes(b"no sound at all" * 100)
    soundfile.write(tmp_path / "f" / "silent.wav", np.zeros((4 * RATE, 2)), RATE)
    monkeypatch.setenv(own_folder.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr(forging.decoders, "Workshop", Identity)
    monkeypatch.setattr(data, "available", lambda name: False)
    here = recordings.tracks([])
    assert len(here.tracks) == 7
    assert here.has_own
    found = forging.make_twins(
        here.tracks, forging.Plan(1, 1.0, ("codec_high",)), 0, kept=forging.cache(enabled=False)
    )
    assert [track.recording.artist for track in found.tracks] == ["a", "b", "c", "d"]
    assert len(found.clips["real"]) == len(found.track_of) == 4
    assert sorted(found.left_out) == ["e: piece 0", "f: broken", "f: silent"]
    assert "cannot be decoded" in found.left_out["f: broken"]
    assert "too short" in found.left_out["e: piece 0"]
    assert "silent" in found.left_out["f: silent"]
    assert str(tmp_path) not in " ".join(found.left_out.values()), "a page names no place on this machine"
    broken = [track for track in here.tracks if track.recording.artist == "f"]
    with pytest.raises(
        ValueError, match=r"no clip can be cut from any of 2 tracks: broken\.mp3 cannot be decoded"
    ):
        forging.make_twins(
            broken, forging.Plan(1, 1.0, ("codec_high",)), 0, kept=forging.cache(enabled=False)
        )


def archive(folder):
    for number in ("000002", "000005", "000141", "001002"):
        (folder / number[:3]).mkdir(parents=True, exist_ok=True)
        (folder / number[:3] / f"{number}.mp3").write_bytes(b"")


def test_a_shelf_of_the_archive_is_no_artist(tmp_path, monkeypatch):
    archive(tmp_path / "fma_medium")
    monkeypatch.setenv(own_folder.FOLDER_VARIABLE, str(tmp_path / "fma_medium"))
    here = recordings.tracks([])
    own = [track.recording.artist for track in here.tracks if track.source == recordings.OWN]
    assert own == ["track 000002", "track 000005", "track 000141", "track 001002"]
    assert here.unnamed == 4
    (tmp_path / "fma_metadata").mkdir()
    (tmp_path / "fma_metadata" / "tracks.csv").write_text(
        ",album,artist,track\n,title,name,title\ntrack_id,,,\n2,x,AWOL,y\n5,x,AWOL,y\n141,x,Nicky Cook,y\n"
    )
    here = recordings.tracks([])
    own = [track.recording.artist for track in here.tracks if track.source == recordings.OWN]
    assert own == ["AWOL", "AWOL", "Nicky Cook", "track 001002"]
    assert here.unnamed == 1
    (tmp_path / "fma_metadata" / "tracks.csv").write_text("a,b\nc,d\n")
    with pytest.raises(ValueError, match="has no column artist / name"):
        recordings.tracks([])


def test_a_folder_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv(own_folder.FOLDER_VARIABLE, "/nowhere/at/all")
    with pytest.raises(ValueError, match="SOUNDREASONS_MUSIC is '/nowhere/at/all', which is no folder"):
        own_folder.own_music()
    monkeypatch.delenv(own_folder.FOLDER_VARIABLE)
    assert own_folder.own_music() == ([], 0)


def test_decoders_that_are_not_here_are_named_with_how_to_get_them(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(released, "is_here", lambda model: model == "descript/dac_44khz")
    here, lacking = decoders.available_decoders(["dac2", "encodec3", "encodec24", "griffin256"])
    assert here == ["dac2", "griffin256"]
    assert list(lacking) == ["facebook/encodec_48khz"]
    assert "HF_HUB_OFFLINE=0" in lacking["facebook/encodec_48khz"]
    with pytest.raises(
        ValueError, match=r"none of the decoders encodec3 is here; get facebook/encodec_48khz"
    ):
        decoders.available_decoders(["encodec3"])


def test_a_model_of_the_hub_is_looked_for_without_the_hub(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert not released.is_here("soundreasons/no-such-model")
    asked = []

    def given(model, file, local_files_only):
        asked.append((model, file, local_files_only))
        return str(tmp_path / file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", given)
    assert released.is_here("facebook/encodec_48khz")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert released.is_here("facebook/encodec_48khz")
    assert [offline for _, _, offline in asked] == [True, True, False, False]
    assert set(released.HUB_MODELS) <= set(decoders.DECODERS)


@pytest.mark.chapter
def test_the_paper_s_paths_run_on_a_small_folder_and_what_is_absent_leaves_claims_untested(
    tmp_path, monkeypatch
):
    """Nothing to play, a broken file, a decoder without relative, no hub: each ended a run once."""
    write_folder(tmp_path / "music", [f"artist {k}" for k in range(12)])
    (tmp_path / "music" / "artist 0" / "broken.mp3").write_bytes(b"no sound at all" * 100)
    monkeypatch.setenv(own_folder.FOLDER_VARIABLE, str(tmp_path / "music"))
    monkeypatch.setenv("SOUNDREASONS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("SOUNDREASONS_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("SOUNDREASONS_MIRROR", raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    small = {
        "sources": [], "n_seeds": 1, "clips_per_track": 1, "seconds": 0.8, "codec_steps": 3, "width": 0.0625,
        "batch_size": 4, "buffer": 8, "epochs": 1, "steps": 1, "validation_steps": 1, "view_steps": 1,
        "views": ["amplitude"], "transfer_steps": 1, "tune_steps": 1, "patch_steps": 1, "stacks": 2,
        "decoders": ["codec_high", "griffin256", "dac2", "encodec3"], "residual_shares": [1.0],
        "example_seconds": 1.0, "device": "cpu",
    }  # fmt: skip
    folder = runner.run("music_deepfakes", "paper", small, report=lambda line: None)
    run = results.read(folder / "results.json")
    assert "transfer.codec_high.strangers" in run.measures
    assert "transfer.codec_high.relatives" not in run.measures
    assert not run.sounds.keys() - {"generated"}
    (left_out,) = run.tables["left-out"].rows
    assert left_out[0] == "artist 0: broken"
    page = (folder / "notebook.ipynb").read_text()
    assert "facebook/encodec_48khz" in page
    assert "HF_HUB_OFFLINE=0" in page
    assert set(run.verdicts) == {claim.id for claim in ledger.load(project.ledger("music_deepfakes")).claims}
