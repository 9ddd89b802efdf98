"""The backbone: weights without TensorFlow, check values, the front end, and sounds that are no sounds."""

import weakref
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
import torch

from soundreasons import data
from soundreasons.data.errors import DataError
from soundreasons.data.readers.tensor_bundle import read_bundle
from soundreasons.papers import concept_hierarchies as ch
from soundreasons.papers.concept_hierarchies.data import activations
from soundreasons.papers.concept_hierarchies.data.activations import Rows

PATCH = torch.tensor([[((7 * t + 3 * f) % 11) / 4 for f in range(96)] for t in range(187)])[None]
# From a port made independently of this one.
CHECK = {
    "MSD_vgg": ([-0.2168, -0.7692, -0.3053, 0.2854, -0.9255, -0.3685], {4: 0.2533, 9: 0.1824, 6: 0.1700}),
    "MTT_vgg": ([-0.7075, -0.0909, 0.1393, -0.6608, -0.0368, 0.7019], {12: 0.4332, 4: 0.3762, 1: 0.3600}),
}


@pytest.mark.parametrize("name", CHECK)
def test_check_values_of_the_published_weights(name, needs):
    needs("musicnn_taggers")
    pool5, tags = CHECK[name]
    network = ch.data.load_tagger(name)
    assert network.pools(PATCH)[-1][0, :6, 0, 0].tolist() == pytest.approx(pool5, abs=1e-4)
    answer = torch.sigmoid(network(PATCH))[0]
    assert {k: float(answer[k]) for k in tags} == pytest.approx(tags, abs=1e-4)
    assert set(answer.topk(3).indices.tolist()) == set(tags)
    if name == "MSD_vgg":
        assert float(network.pools(PATCH)[-1].mean()) == pytest.approx(-0.19825, abs=1e-4)


@pytest.mark.parametrize("name", CHECK)
def test_the_quick_form_is_the_same_function(name, needs):
    needs("musicnn_taggers")
    plain, quick = ch.data.load_tagger(name), ch.data.load_quick_tagger(name)
    for ours, theirs in zip(quick.pools(PATCH), plain.pools(PATCH), strict=True):
        assert ours == pytest.approx(theirs.numpy(), abs=1e-4)
    assert quick(PATCH) == pytest.approx(plain(PATCH).numpy(), abs=1e-4)


def test_parameters_are_as_many_as_the_architecture_has(needs):
    # By hand: normalisations of the input and of five layers (4 numbers a channel, running ones included).
    def all_numbers(network):
        return sum(value.numel() for key, value in network.state_dict().items() if "num_batches" not in key)

    assert all_numbers(ch.VggTagger()) == 607_030
    needs("musicnn_taggers")
    weights = data.open("musicnn_taggers").weights
    assert {name: sum(t.size for t in found.values()) for name, found in weights.items()} == {
        "MSD_vgg": 607_030, "MTT_vgg": 607_030, "MSD_musicnn": 792_079, "MTT_musicnn": 792_079,
    }  # fmt: skip


@pytest.mark.parametrize("name", ch.data.NETWORKS)
def test_a_piano_is_called_one(name, needs):
    needs("musicnn_taggers", "old_scores", "gm_sound_font")
    notes = np.array(
        [[0, k * 0.25, 0.3, pitch] for k, pitch in enumerate([60, 64, 67, 72, 71, 67, 64, 60, 62, 65])]
    )
    sound = ch.testbed.Renderer().render(ch.testbed.Clip("scale", "none", (0,), 120, notes))
    asked = ch.data.tag_probabilities(sound, name).mean(axis=0)
    strongest = [ch.data.tags_of(name)[k] for k in np.argsort(-asked)[:6]]
    assert {
        "piano",
        "classical",
        "solo",
        "instrumental",
        "easy listening",
        "jazz",
        "Mellow",
        "chillout",
    } & set(strongest)
    if name.startswith("MTT"):
        assert "piano" in strongest


def test_the_front_end_equals_librosas():
    sound = np.random.default_rng(0).normal(scale=0.2, size=48000).astype(np.float32)
    mel = librosa.feature.melspectrogram(y=sound, sr=16000, n_fft=512, hop_length=256, n_mels=96)
    expected = np.log10(1 + 10000 * mel.T)
    assert ch.log_mel(torch.from_numpy(sound)).numpy() == pytest.approx(expected, abs=1e-4)


def test_longer_sounds_give_29_moments_in_half_a_minute(needs):
    needs("musicnn_taggers")
    sound = np.random.default_rng(0).normal(scale=0.1, size=480_000).astype(np.float32)
    assert ch.data.embed_recording(sound, ch.data.load_quick_tagger()).shape == (29, 128)


# The shared vectors were cut around the middle of the file as its header tells it, which for these MP3 files
# is 13 ms longer than what is decoded; a shift of 8 ms already moves the cosine to 0.99. Their mono is the
# sum of both channels over the root of two, ours the mean.
HEADER_SECONDS = {"frontiers": 440.776900, "machine_wars": 290.598900, "time_to_strike": 324.296900}


def test_embedding_the_game_music_again_agrees_with_the_shared_vectors(needs):
    needs("asc_music", "musicnn_taggers")
    record = data.open("game_music_embeddings")
    rows = record.tracks[record.tracks["package"] == "asc-music"]
    network = ch.data.load_quick_tagger()
    assert len(rows) == 3
    for row, file in zip(rows["row"], rows["file"], strict=True):
        name = Path(file).stem
        sound = np.sqrt(2) * ch.data.load_sound(data.open("asc_music").paths[name])
        start = round((HEADER_SECONDS[name] / 2 - 15) * ch.SAMPLE_RATE)
        ours = ch.data.embed_recording(sound[start : start + 30 * ch.SAMPLE_RATE].astype(np.float32), network)
        theirs = record.embeddings[row].astype(np.float64)
        assert ours.shape == theirs.shape
        cosine = (ours * theirs).sum() / np.linalg.norm(ours) / np.linalg.norm(theirs)
        assert cosine > 0.999, file


def test_patches_cover_a_sound_and_drop_a_crumb():
    assert len(ch.data.patches(np.ones(ch.PATCH_SAMPLES + 100, dtype=np.float32))) == 1
    assert len(ch.data.patches(np.ones(100, dtype=np.float32))) == 1
    assert ch.data.patches(np.ones(ch.PATCH_SAMPLES * 2 - 5, dtype=np.float32))[1, -6:].tolist() == [
        1,
        0,
        0,
        0,
        0,
        0,
    ]


def test_what_is_no_sound_is_refused(tmp_path, needs):
    with pytest.raises(ValueError, match="cannot be read as a sound"):
        ch.data.load_sound(tmp_path / "none.wav")
    (tmp_path / "text.wav").write_text("not a sound")
    with pytest.raises(ValueError, match=r"text\.wav cannot be read as a sound"):
        ch.data.load_sound(tmp_path / "text.wav")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16000)
    with pytest.raises(ValueError, match="holds no sound"):
        ch.data.load_sound(tmp_path / "empty.wav")
    with pytest.raises(ValueError, match="expected at least 512"):
        ch.log_mel(torch.zeros(100))
    with pytest.raises(ValueError, match="NaN or infinite amplitudes"):
        ch.log_mel(torch.full((1000,), torch.nan))
    needs("musicnn_taggers")
    with pytest.raises(ValueError, match="silent from beginning to end"):
        ch.data.tag_probabilities(np.zeros(50_000, dtype=np.float32))
    with pytest.raises(ValueError, match="patch 1 is silent"):
        ch.data.embed_patches(
            [np.ones(ch.PATCH_SAMPLES), np.zeros(ch.PATCH_SAMPLES)], ch.data.load_quick_tagger()
        )
    with pytest.raises(ValueError, match="no patch to embed"):
        ch.data.embed_patches([], ch.data.load_quick_tagger())
    with pytest.raises(ValueError, match="expected one of MSD_vgg"):
        ch.data.load_tagger("vggish")


def test_a_stereo_file_at_another_rate_becomes_mono_at_16_khz(tmp_path):
    time = np.arange(44100) / 44100
    tone = np.sin(2 * np.pi * 440 * time)
    soundfile.write(tmp_path / "tone.flac", np.column_stack([tone, tone]), 44100)
    sound = ch.data.load_sound(tmp_path / "tone.flac")
    assert sound.shape == (16000,)
    spectrum = np.abs(np.fft.rfft(sound))
    assert int(spectrum.argmax()) == 440


def test_a_damaged_checkpoint_is_refused(tmp_path):
    (tmp_path / "x.index").write_bytes(b"too short")
    (tmp_path / "x.data").write_bytes(b"")
    with pytest.raises(DataError, match="no index of a TensorFlow checkpoint"):
        read_bundle(tmp_path / "x.index", tmp_path / "x.data")


def test_a_checkpoint_whose_numbers_are_cut_short_is_refused(tmp_path, needs):
    needs("musicnn_taggers")
    source = next(
        iter({row["path"] for row in data.where("musicnn_taggers") if row["path"].endswith("MSD_vgg.index")})
    )
    (tmp_path / "x.data").write_bytes(b"\0" * 100)
    with pytest.raises(DataError, match=r"needs .* bytes at .* has 100"):
        read_bundle(Path(source), tmp_path / "x.data")


class Forgetful:
    """A network of the right shapes that knows nothing, and is quick."""

    def pools(self, spectrograms):
        n = len(spectrograms)
        level = spectrograms.mean(dim=(1, 2)).reshape(-1, 1, 1, 1)
        shapes = [(92, 48), (46, 24), (23, 12), (11, 6), (2, 1)]
        return [level.expand(n, 128, *shape) for shape in shapes]

    def logits(self, last):
        return last.flatten(1)[:, :50]


def test_embedding_holds_one_sound_at_a_time_and_few_arrays(monkeypatch):
    """What a cold run holds must not grow with the number of small arrays, only with their content."""
    alive, most, n_sounds = set(), 0, 600

    class Sound(np.ndarray):
        """An array that can be told to be gone."""

    def sounds():
        nonlocal most
        for k in range(n_sounds):
            sound = np.full(ch.PATCH_SAMPLES, 0.001 * (k + 1), dtype=np.float32).view(Sound)
            alive.add(k)
            weakref.finalize(sound, alive.discard, k)
            most = max(most, len(alive))
            yield sound

    made = []
    monkeypatch.setattr(activations, "Rows", lambda: made.append(Rows()) or made[-1])
    found = ch.data.embed_patches(sounds(), Forgetful())
    assert most <= 3
    assert [len(rows.blocks) for rows in made] == [3, 3, 3, 3]  # 600 rows in blocks of 256
    assert found["pool3"].shape == (600, 1, 1536)
    assert found["pool5"].base is None  # nothing longer is kept behind it
    assert (np.diff(found["pool5"][:, 0, 0]) > 0).all()  # in the order in which they came


def test_rows_come_out_as_they_went_in():
    values = np.random.default_rng(0).normal(size=(777, 2, 3)).astype(np.float32)
    rows = Rows()
    for start in range(0, 777, 50):
        rows.add(values[start : start + 50])
    assert (rows.joined() == values).all()
