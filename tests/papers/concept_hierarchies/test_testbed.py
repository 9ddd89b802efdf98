"""Our stand-in: what clips are about, how they sound, and what is kept of them."""

from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from soundreasons.learning.cache import Cache
from soundreasons.papers import concept_hierarchies as ch
from soundreasons.papers.concept_hierarchies.data import activations, jamendo_audio
from soundreasons.papers.concept_hierarchies.experiments import clips
from soundreasons.papers.concept_hierarchies.testbed import sounds
from soundreasons.papers.concept_hierarchies.testbed.concepts import family_names, program_names
from support.hand_made_concepts import QUICK, probed_set


def test_programs_and_families_have_the_names_of_general_midi(needs):
    needs("gm_programs")
    assert (program_names()[40], family_names()[5]) == ("Violin", "Strings")
    assert (len(program_names()), len(family_names())) == (128, 16)


def test_sizes_of_concepts_are_counted_by_kind():
    # Four programs of 20 tracks each, two families of 40.
    assert clips.sizes(probed_set()).tolist() == [20, 20, 20, 20, 40, 40]
    table = clips.size_table(probed_set())
    assert table.loc["family"].tolist() == [2, 40, 40]
    assert table.loc["program"].tolist() == [4, 20, 20]


def test_an_example_is_a_trio_of_the_independent_set_and_is_named(needs):
    needs("old_scores", "gm_sound_font", "gm_programs")
    sound, text = clips.example_trio(60, 0, 8000)
    plan = ch.testbed.plan_clips(60, "independent", np.random.default_rng([0, 60]))
    first = next(clip for clip in plan if len(clip.programs) == 3)
    names = [program_names()[program] for program in first.programs]
    assert text.startswith(", ".join(names) + f", playing from {first.piece}")
    assert len(sound) == round(ch.PATCH_SAMPLES / 2)
    with pytest.raises(ValueError, match="none of 1 clips has three instruments"):
        clips.example_trio(1, 0)


def test_without_a_recording_four_clips_are_played(needs):
    needs("old_scores", "gm_sound_font")
    assert sounds.rendered_example().shape == (4 * ch.PATCH_SAMPLES,)


def test_clips_are_probed_on_pool5_and_keep_their_other_layers(monkeypatch):
    hand_made = probed_set()
    layers = {"pool3": hand_made.features * 0, "pool5": hand_made.features}
    monkeypatch.setattr(clips, "embedded_clips", lambda n, companions, seed, device: (n, layers))
    monkeypatch.setattr(clips, "clip_concepts", lambda plan, fewest: hand_made.concepts)
    found = clips.probed_clips("family", 80, 1, QUICK)
    assert found.layers is layers
    assert (found.features == layers["pool5"]).all()
    assert found.probes.accuracy.min() > 0.9


def test_samples_are_repeated_until_they_fill_a_patch_and_are_kept(tmp_path, monkeypatch):
    for name, length in {"kick_a": 800, "kick_b": 90_000}.items():
        soundfile.write(tmp_path / f"{name}.flac", np.sin(np.arange(length)) * 0.5, 16_000)
    paths = {name: tmp_path / f"{name}.flac" for name in ("kick_b", "kick_a")} | {
        "readme": tmp_path / "x.txt"
    }
    seen = []
    monkeypatch.setattr(sounds.data, "open", lambda name: SimpleNamespace(paths=paths))
    monkeypatch.setattr(sounds, "digests", lambda *names: dict.fromkeys(names, "d"))
    monkeypatch.setattr(sounds, "load_quick_tagger", lambda device: None)
    cache = Cache(tmp_path, modules=["soundreasons.papers.concept_hierarchies.testbed.clips"])
    monkeypatch.setattr(sounds, "computed", lambda modules: cache)

    def embedded(given, network, device):
        seen.extend(given)
        return {"pool5": np.zeros((2, 1, 1), dtype=np.float32)}

    monkeypatch.setattr(sounds, "embed_patches", embedded)
    names, _ = sounds.embedded_samples()
    assert names == ["kick_a", "kick_b"]
    assert [len(sound) for sound in seen] == [ch.PATCH_SAMPLES] * 2
    assert (seen[0][:800] == seen[0][800:1600]).all()
    sounds.embedded_samples()
    assert len(seen) == 2  # the second time from what is kept


def test_what_is_computed_and_what_is_placed_lie_in_the_data_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(activations.data, "cache_folder", lambda: tmp_path)
    kept = activations.computed(["soundreasons.papers.concept_hierarchies.testbed.sounds"])
    assert kept.folder == tmp_path / ".computed" / "concept_hierarchies"
    assert jamendo_audio.jamendo_folder() == tmp_path / "placed" / "jamendo_audio"
    opened = {"a": {"digest": "one"}}
    monkeypatch.setattr(activations.data, "open", lambda name: opened.setdefault(name, {"digest": "two"}))
    monkeypatch.setattr(activations.data, "opened", lambda: opened)
    assert activations.digests("a", "b") == {"a": "one", "b": "two"}
