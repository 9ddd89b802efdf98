"""`soundreasons try concept_hierarchies`: a sound, an instrument, and what is neither."""

import numpy as np
import pytest
import soundfile

from soundreasons.learning.cache import Cache
from soundreasons.papers import concept_hierarchies as ch
from soundreasons.papers.concept_hierarchies import trial
from soundreasons.papers.concept_hierarchies.experiments import probing


def test_trying_a_sound_names_tags_and_draws_them(tmp_path, needs):
    needs("musicnn_taggers")
    sound = np.random.default_rng(0).normal(scale=0.1, size=80_000)
    soundfile.write(tmp_path / "noise.wav", sound, 16000)
    answer = trial.run(str(tmp_path / "noise.wav"), tmp_path / "out")
    assert "noise.wav: 5.0 s" in answer
    assert "MagnaTagATune" in answer
    assert (tmp_path / "out" / "noise-tags.png").is_file()


@pytest.mark.parametrize("name", ["none.mp3", "none.m4a", "folder/none"])
def test_trying_a_file_that_is_not_there_says_so_at_once(tmp_path, name):
    with pytest.raises(ValueError, match=r"cannot be read as a sound \(there is no such file"):
        trial.run(str(tmp_path / name))


def test_trying_a_text_a_folder_an_empty_file_or_silence_says_so(tmp_path):
    (tmp_path / "words.txt").write_text("la la la")
    (tmp_path / "nothing.wav").write_bytes(b"")
    soundfile.write(tmp_path / "silence.wav", np.zeros(50_000), 16000)
    for name in ("words.txt", "nothing.wav", "."):
        with pytest.raises(ValueError, match="cannot be read as a sound"):
            trial.run(str(tmp_path / name))
    with pytest.raises(ValueError, match=r"silence\.wav is silent from beginning to end"):
        trial.run(str(tmp_path / "silence.wav"))


def test_trying_an_unknown_instrument_names_the_nearest_and_renders_nothing(monkeypatch):
    monkeypatch.setattr(trial, "probed_clips", None)  # would fail if it were called
    with pytest.raises(ValueError, match=r"'violino' is not among the 75 instruments, .*: .*Violin"):
        trial.run("violino")
    with pytest.raises(ValueError, match="nothing is near"):
        trial.run("zzzzzz")


def planted_view():
    """Violin above Contrabass and Whistle: S, tracks of the row, puts them there."""
    names = ("Violin", "Contrabass", "Whistle")
    S = np.array([[0.9, 0.8, 0.6], [0.7, 0.9, 0.1], [0.3, 0.2, 0.9]])
    probes = ch.Probes(np.ones((3, 2)), np.zeros(3), np.array([0.81, 0.75, 0.9]), np.ones(3, dtype=int))
    nowhere = np.full(3, ch.NOWHERE)
    labels = np.eye(3, dtype=bool)
    return probing.KeptConcepts(
        ch.data.ConceptSet(names, ("program",) * 3, labels, nowhere, nowhere), S, probes
    )


def test_an_instrument_is_told_with_its_place_in_the_tree_and_what_it_sounds_like():
    assert trial._described(trial._known("violin"), planted_view()).splitlines() == [
        "Violin: told from other clips, balanced accuracy 0.81",
        "  below the root; above Contrabass, Whistle",
        "  its clips sound to the probes of others like: Contrabass 0.80, Whistle 0.60",
    ]
    assert "below Violin; above nothing" in trial._described("Whistle", planted_view())


def test_trying_an_instrument_renders_probes_and_finds_it_in_the_tree(needs, tmp_path, monkeypatch):
    needs("old_scores", "gm_sound_font", "musicnn_taggers")
    kept = Cache(tmp_path, modules=["soundreasons.papers.concept_hierarchies.testbed.clips"])
    monkeypatch.setattr("soundreasons.papers.concept_hierarchies.testbed.sounds.computed", lambda _: kept)
    monkeypatch.setattr(trial, "_N_CLIPS", 300)
    answer = trial.run("strings FAMILY")
    assert answer.startswith("Strings family: told from other clips, balanced accuracy 0.")
    assert "\n  below " in answer
    assert answer == trial.run("Strings family")  # and the second time from what is kept
    assert kept.found == ["clips"]
