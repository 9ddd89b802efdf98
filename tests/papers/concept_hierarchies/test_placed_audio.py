"""Audio of MTG-Jamendo in the publisher's layout, on a folder small enough to make by hand."""

import numpy as np
import pytest
import soundfile

from soundreasons import data
from soundreasons.learning.cache import Cache
from soundreasons.papers import concept_hierarchies as ch
from soundreasons.papers.concept_hierarchies.data import jamendo_audio as placed_audio
from soundreasons.papers.concept_hierarchies.data.tags import jamendo_taggings
from soundreasons.papers.concept_hierarchies.experiments import paper_size, probing

RATE, SECONDS = 16_000, 3.2
QUICK = ch.ProbeSettings(epochs=4, steps=20, patience=2, learning_rate=0.01)


def place(folder, track, sound, ending=".mp3"):
    """Write a sound where the publisher's script would put it."""
    number = int(track.removeprefix("track_"))
    path = folder / f"{number % 100:02d}" / f"{number}{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, RATE, format="MP3")
    return path


def noise(seconds, seed=0):
    return np.random.default_rng(seed).normal(scale=0.1, size=round(RATE * seconds))


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of this test alone for what is placed, and for what is computed from it."""
    monkeypatch.setattr(placed_audio, "jamendo_folder", lambda: tmp_path / "placed")
    monkeypatch.setattr(placed_audio, "computed", lambda modules: Cache(tmp_path / "kept", modules=modules))
    return tmp_path / "placed"


def test_a_track_lies_on_the_shelf_of_its_last_two_digits_in_full_or_in_small(tmp_path):
    full = place(tmp_path, "track_0000214", noise(0.5))
    small = place(tmp_path, "track_1376256", noise(0.5), ".low.mp3")
    assert full == tmp_path / "14" / "214.mp3"
    found = ch.data.jamendo_files(["track_1376256", "track_0000215", "track_0000214"], tmp_path)
    assert found == {"track_1376256": small, "track_0000214": full}


def test_where_no_audio_is_placed_the_message_says_what_to_do(home):
    with pytest.raises(data.DataUnavailable) as told:
        ch.data.jamendo_files(["track_0000214"])
    for part in (str(home), "scripts/download/download.py", "folders 00 to 99", "jamendo_audio=none"):
        assert part in str(told.value)


def test_the_middle_of_a_file_is_read_and_no_more(tmp_path):
    time = np.arange(40 * RATE) / RATE
    soundfile.write(tmp_path / "steps.flac", np.where(abs(time - 20) < 1, 0.5, 0.0), RATE)
    sound = ch.data.load_middle(tmp_path / "steps.flac", 2.0)
    assert len(sound) == 2 * RATE
    assert np.abs(sound[100:-100] - 0.5).max() < 1e-3
    assert len(ch.data.load_middle(tmp_path / "steps.flac", 60.0)) == 40 * RATE
    with pytest.raises(ValueError, match="there is no such file"):
        ch.data.load_middle(tmp_path / "none.mp3")


def test_broken_short_and_silent_tracks_are_named_and_cost_nothing_else(home, needs):
    needs("musicnn_taggers")
    for number, sound in {101: noise(4), 201: noise(1), 301: np.zeros(4 * RATE), 102: noise(5)}.items():
        place(home, f"track_{number:07d}", sound)
    (home / "01" / "401.mp3").write_bytes(b"no sound at all" * 50)
    names = [f"track_{n:07d}" for n in (101, 201, 301, 401, 102)]
    found = ch.data.embedded_tracks(ch.data.jamendo_files(names), seconds=SECONDS)
    assert found.tracks == ("track_0000101", "track_0000102")
    assert found.pool5.shape == (2, 3, 128)
    assert set(found.left_out) == {"track_0000201", "track_0000301", "track_0000401"}
    assert "201.mp3 lasts 1." in found.left_out["track_0000201"]
    assert "silent" in found.left_out["track_0000301"]
    assert found.left_out["track_0000401"].startswith("401.mp3 cannot be read as a sound")
    expected = ch.data.embed_recording(
        ch.data.load_middle(home / "01" / "101.mp3", SECONDS), ch.data.load_quick_tagger()
    )
    assert found.pool5[0] == pytest.approx(expected, abs=2e-3)  # kept with eleven bits


def test_a_run_that_was_cut_off_goes_on_shelf_by_shelf(home, needs, monkeypatch):
    needs("musicnn_taggers")
    names = [f"track_{n:07d}" for n in (101, 102)]
    for seed, name in enumerate(names):
        place(home, name, noise(4, seed))
    done = []
    embed = placed_audio._embedded

    def fails_at_the_second(path, *rest):
        if done:
            raise KeyboardInterrupt
        done.append(path)
        return embed(path, *rest)

    files = ch.data.jamendo_files(names)
    monkeypatch.setattr(placed_audio, "_embedded", fails_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        ch.data.embedded_tracks(files, seconds=SECONDS)
    seen = []

    def noted(path, *rest):
        seen.append(path)
        return embed(path, *rest)

    monkeypatch.setattr(placed_audio, "_embedded", noted)
    assert ch.data.embedded_tracks(files, seconds=SECONDS).tracks == tuple(names)
    assert seen == [files[names[1]]]


def test_where_nothing_can_be_embedded_the_first_reason_is_told(home, needs):
    needs("musicnn_taggers")
    place(home, "track_0000101", noise(1))
    with pytest.raises(ValueError, match=r"none of 1 tracks could be embedded; 101\.mp3 lasts 1"):
        ch.data.embedded_tracks(ch.data.jamendo_files(["track_0000101"]), seconds=SECONDS)


def test_tags_of_the_placed_tracks_become_concepts(needs):
    needs("jamendo_tags")
    table = jamendo_taggings()
    tracks = sorted(set(table["track"]))[:3000]
    concepts = ch.data.jamendo_concepts(tracks, 39)
    rock = concepts.names.index("rock")
    assert concepts.kinds[rock] == "genre"
    rows = table[(table["tag"] == "rock") & (table["category"] == "genre")]
    assert set(np.array(tracks)[concepts.labels[:, rock]]) == set(rows["track"]) & set(tracks)
    assert len(set(concepts.names)) == concepts.n_concepts
    assert min(concepts.labels.sum(axis=0)) >= 39
    with pytest.raises(ValueError, match="take more tracks"):
        ch.data.jamendo_concepts(tracks[:20], 39)


def test_the_whole_part_runs_on_a_small_placed_folder(home, needs, monkeypatch):
    needs("jamendo_tags", "discogs_styles", "musicnn_taggers")
    table = jamendo_taggings()
    by_tag = {tag: table.loc[table["tag"] == tag, "track"] for tag in ("rock", "ambient", "jazz", "hiphop")}
    tracks = sorted({track for rows in by_tag.values() for track in rows.iloc[:14]})
    for seed, track in enumerate(tracks):
        place(home, track, noise(3.5, seed))
    embedded = ch.data.embedded_tracks(ch.data.placed_tracks(), seconds=SECONDS)
    assert str(embedded) == f"{len(tracks)} tracks embedded, 0 left out"
    study = paper_size.probed_tags(embedded, QUICK, 0, min_positives=10)
    assert {"rock", "ambient", "jazz", "hiphop"} <= set(study.concepts.names)
    monkeypatch.setattr(paper_size, "keep_concepts",
                        lambda given, kinds: probing.keep_concepts(given, kinds, least=0.0))  # fmt: skip
    heard = paper_size.tag_accuracy(study, QUICK, np.random.default_rng(0))
    assert set(heard) == {"n_tracks", "n_concepts", "accuracy", "accuracy_shuffled", "kept"}
    assert heard["n_tracks"] == len(tracks)
    assert heard["kept"] == 100 * np.mean(study.probes.accuracy > 0.70)
    genres = paper_size.genre_tree(study, np.random.default_rng(0), 5)
    assert set(genres) == {"genres", "genres_random", "genres_top_1"}
    assert all(0 <= share <= 100 for share in genres.values())
