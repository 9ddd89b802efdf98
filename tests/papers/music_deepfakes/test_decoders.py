"""Where fakes come from: against librosa and closed forms, with small models and random weights."""

from functools import partial

import librosa
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from soundreasons import data
from soundreasons.data.readers.music import load_weights
from soundreasons.learning.cache import Cache
from soundreasons.learning.strays import RefuseStrays
from soundreasons.media.decoding import decode
from soundreasons.papers.music_deepfakes.testbed import (
    codecs,
    decoders,
    generator,
    griffin,
    hifigan,
    released,
    two_stage,
)

RATE = 44_100
QUICK = griffin.GriffinSettings(n_fft=1024, hop=128, window=512, n_iterations=4)


def sound(n=8_000, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, n).astype(np.float32)


def test_the_mel_bank_is_librosas_without_normalisation():
    theirs = librosa.filters.mel(sr=RATE, n_fft=2048, n_mels=64, htk=True, norm=None)
    assert_allclose(griffin.mel_bank(64, 1025, RATE).numpy().T, theirs, atol=1e-4)


def test_the_papers_settings_give_79_frames_of_a_snippet_and_as_many_samples_back():
    spectra = griffin._stft(torch.zeros(34_398), griffin.PAPER)
    assert spectra.shape == (17_640 // 2 + 1, 79)
    assert griffin.griffin_mel(sound(34_398), 256, settings=griffin.PAPER._replace(n_iterations=1)).shape == (
        34_398,
    )


def test_griffin_lim_comes_closer_with_each_iteration():
    # Inconsistency of the magnitudes falls, the more so with many bands.
    x = sound(16_000)
    magnitude = griffin._stft(torch.from_numpy(x), QUICK).abs()
    errors = []
    for n in (1, 8, 64):
        rebuilt = griffin.griffin_mel(x, 256, settings=QUICK._replace(n_iterations=n))
        errors.append(
            float(
                (griffin._stft(torch.from_numpy(rebuilt), QUICK).abs() - magnitude).norm() / magnitude.norm()
            )
        )
    assert errors[0] > errors[1] > errors[2]


def test_channels_of_griffin_mel_are_independent_and_keep_their_shape():
    stereo = np.stack([sound(), np.zeros(8_000, np.float32)], axis=1)
    rebuilt = griffin.griffin_mel(stereo, 64, settings=QUICK)
    assert rebuilt.shape == stereo.shape
    assert np.abs(rebuilt[:, 1]).max() == 0


@pytest.mark.parametrize(
    ("signal", "told"),
    [(sound(100), r"n above 512"), (np.full(8_000, np.nan), "NaN"), (np.zeros((2, 2, 2)), "shape")],
)
def test_what_griffin_mel_cannot_take_is_refused(signal, told):
    with pytest.raises(ValueError, match=told):
        griffin.griffin_mel(signal, 64, settings=QUICK)


SMALL = hifigan.HifiGanSettings(n_mels=80, channels=16)


def small_weights():
    """Random weights in the published layout: weight normalisation apart."""
    torch.manual_seed(0)
    weights = {}
    for name, value in hifigan.HifiGan(SMALL).state_dict().items():
        if name.endswith("weight"):
            layer = name.removesuffix(".weight")
            weights[f"{layer}.weight_v"] = value.squeeze(2)
            weights[f"{layer}.weight_g"] = value.flatten(1).norm(dim=1)[:, None, None]
        else:
            weights[name] = value
    return weights


def test_hifigan_has_the_published_number_of_parameters():
    # Version 1 of the paper: 13.9 million.
    assert sum(p.numel() for p in hifigan.HifiGan().parameters()) == 13_926_017


def test_a_convolution_of_height_one_is_the_convolution_along_time():
    weights = small_weights()
    model = hifigan.load_generator(weights, SMALL)
    mel = torch.randn(1, 80, 12)
    plain = torch.nn.functional.conv1d(
        mel,
        torch._weight_norm(weights["conv_pre.weight_v"], weights["conv_pre.weight_g"], 0),
        weights["conv_pre.bias"],
        padding=3,
    )
    assert_allclose(model.conv_pre(mel[:, :, None]).squeeze(2).detach(), plain, atol=1e-5)


def test_hifigan_gives_256_samples_a_frame_and_chunks_make_no_seam():
    model = hifigan.load_generator(small_weights(), SMALL)
    x = torch.from_numpy(sound(256 * 300))[None]
    with torch.inference_mode():
        at_once = model(hifigan.log_mel(x))
    assert at_once.shape == x.shape
    assert_allclose(hifigan.vocode(model, x), at_once, atol=1e-5)
    assert hifigan.vocode(model, x[:, :-100]).shape == (1, 256 * 300 - 100)


def test_weights_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not fit a generator"):
        hifigan.load_generator(small_weights(), hifigan.V1)


def test_the_log_mel_of_hifigan_is_librosas():
    x = sound(22_050)
    around = (1024 - 256) // 2
    theirs = librosa.feature.melspectrogram(
        y=np.pad(x, around, mode="reflect"), sr=22_050, n_fft=1024, hop_length=256, center=False, power=1,
        n_mels=80, fmin=0, fmax=8_000,
    )  # fmt: skip
    ours = hifigan.log_mel(torch.from_numpy(x)[None])[0].numpy()
    assert_allclose(ours, np.log(np.maximum(theirs, 1e-5)), atol=1e-3)


def test_the_released_generator_keeps_the_spectrum_of_music():
    for name in ("hifigan_generators", "cc_music_tracks"):
        if not data.available(name):
            pytest.skip(f"{name} is not on this machine (not checkable here)")
    track = data.open("cc_music_tracks").tracks[3]
    x = torch.from_numpy(decode(track.paths[0], start=20, duration=0.8).samples.mean(axis=1))[None]
    weights = data.open("hifigan_generators").weights["universal"]
    rebuilt = hifigan.vocode(hifigan.load_generator(load_weights(weights)), x)
    # Found at 0.28 to 0.38 beforehand with other code; a wrong layer gives 2 and more.
    assert float((hifigan.log_mel(rebuilt) - hifigan.log_mel(x)).abs().mean()) < 0.45


@pytest.mark.parametrize("upsampling", ["transposed", "nearest"])
def test_a_codec_gives_as_many_samples_as_it_took(upsampling):
    model = codecs.Codec(4, upsampling, widths=(4, 8, 8, 8, 8)).eval()
    for n in (320, 3_200, 3_333):
        assert codecs.recode(model, torch.zeros(2, n), 2).shape == (2, n)


def test_more_stages_of_the_quantiser_come_closer():
    torch.manual_seed(0)
    model = codecs.Codec(6, widths=(4, 8, 8, 8, 8))
    x = torch.randn(4, 320 * 200)
    codecs.fit_codebooks(model, x, 0)
    codes = model.encoder(x[:, None]).detach()
    errors = [float((model.quantise(codes, depth) - codes).norm()) for depth in range(7)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] == pytest.approx(float(codes.norm()))  # no stage: nothing is kept


def test_training_lowers_the_loss():
    time = np.arange(RATE) / RATE
    clips = np.stack([0.3 * np.sin(2 * np.pi * f * time) for f in (220, 330, 440)]).astype(np.float32)
    settings = codecs.CodecTraining(steps=24, batch_size=4, crop=3_200)
    before, after = codecs.Codec(), codecs.train_codec(clips, settings, 0)
    x = torch.from_numpy(clips[:, :6_400])
    losses = [float(codecs.reconstruction_loss(codecs.recode(model, x), x)) for model in (before, after)]
    assert losses[1] < losses[0]


def overlap_add(spectra, n_fft, hop_length, window, length):
    """The inverse of a centred short-time transform, by `fold`; torch's own asks for a value on the way."""
    frames = torch.fft.irfft(spectra.movedim(1, 2), n_fft) * window
    total = (frames.shape[1] - 1) * hop_length + n_fft
    add = partial(
        torch.nn.functional.fold, output_size=(1, total), kernel_size=(1, n_fft), stride=(1, hop_length)
    )
    squares = (window**2).expand(1, frames.shape[1], n_fft)
    summed = add(frames.movedim(1, 2))[:, 0, 0] / add(squares.movedim(1, 2))[:, 0, 0].clamp(min=1e-8)
    return summed[:, n_fft // 2 : n_fft // 2 + length]


def test_the_stand_in_for_the_inverse_transform_is_the_inverse_transform():
    window = torch.hann_window(256)
    spectra = torch.stft(torch.randn(2, 2_000), 256, 64, window=window, return_complex=True)
    ours = overlap_add(spectra, 256, 64, window=window, length=2_000)
    assert_allclose(ours, torch.istft(spectra, 256, 64, window=window, length=2_000), atol=1e-5)


SMALL_STAGES = two_stage.TwoStageSettings(n_fft=256, hop=64, stages=(2, 4), width=8, n_codes=4)


def test_two_stages_compress_time_4096_fold_and_keep_the_length():
    # The description of Musika: one vector every 4,096 samples at 44.1 kHz, about 10.8 a second.
    assert two_stage.TwoStageSettings().block == 4096
    torch.manual_seed(0)
    model = two_stage.TwoStageCodec(SMALL_STAGES).eval()
    clips = np.stack([sound(5_000), sound(5_000, 1)])
    codes = model.encode(torch.from_numpy(clips))
    assert codes.shape == (2, 4, 10)  # 5,000 samples, padded with zeros to 10 blocks of 512
    assert codes.abs().max() < 1
    rebuilt = codecs.recode(model, torch.from_numpy(clips))
    assert rebuilt.shape == clips.shape
    assert rebuilt.isfinite().all()
    assert not torch.allclose(rebuilt[0], rebuilt[1])


@pytest.mark.parametrize("where", [0, 7, 20])
def test_a_code_hears_the_sound_near_it_and_no_other(where):
    # A click changes the codes of its own block and of its neighbours: places in time are kept.
    torch.manual_seed(0)
    model = two_stage.TwoStageCodec(SMALL_STAGES).eval()
    quiet = torch.zeros(1, 24 * 512)
    click = quiet.clone()
    click[0, where * 512 + 256] = 1.0
    moved = (model.encode(click) - model.encode(quiet)).abs().amax(dim=1)[0]
    assert abs(int(moved.argmax()) - where) <= 1
    assert moved[[n for n in range(24) if abs(n - where) > 4]].max() == 0


def test_two_stages_learn_and_come_out_of_the_workshop(tmp_path):
    time = np.arange(RATE) / RATE
    clips = np.stack([0.3 * np.sin(2 * np.pi * f * time) for f in (220, 330, 440)]).astype(np.float32)
    cache = Cache(tmp_path, modules=["soundreasons.papers.music_deepfakes.testbed.codecs"])
    short, longer = codecs.CodecTraining(1, 2, 8_192), codecs.CodecTraining(12, 2, 8_192)
    made = [decoders.Workshop(clips, settings, cache, 0).decoder("two_stage") for settings in (short, longer)]
    x = clips[:, :8_192]
    losses = [
        float(codecs.reconstruction_loss(torch.from_numpy(send(x)), torch.from_numpy(x))) for send in made
    ]
    assert losses[1] < losses[0]


AUTOENCODERS = {
    "transposed": lambda: codecs.Codec(2, widths=(4, 4, 4, 4, 4)),
    "nearest": lambda: codecs.Codec(2, "nearest", (4, 4, 4, 4, 4)),
    "spectral": codecs.SpectralCodec,
    "two_stage": lambda: two_stage.TwoStageCodec(SMALL_STAGES),
}


@pytest.mark.parametrize("name", AUTOENCODERS)
@pytest.mark.parametrize("depth", [None, 1])
def test_a_training_step_of_an_autoencoder_needs_nothing_off_its_device(name, depth, monkeypatch):
    monkeypatch.setattr(torch, "istft", overlap_add)
    with torch.device("meta"):
        model = AUTOENCODERS[name]()
    with RefuseStrays():
        batch = torch.zeros(2, 6_400, device="meta")
        loss = codecs.training_step(model, torch.optim.Adam(model.parameters()), lambda: depth)(batch)
    assert loss.device.type == "meta"


@pytest.fixture(scope="module")
def small_encodec():
    from transformers import EncodecConfig, EncodecModel

    torch.manual_seed(0)
    config = EncodecConfig(
        num_filters=4, hidden_size=16, codebook_dim=16, codebook_size=1024, upsampling_ratios=[4, 2],
        audio_channels=2, sampling_rate=48_000, target_bandwidths=[60.0, 240.0], normalize=True,
        chunk_length_s=0.05, overlap=0.01, num_lstm_layers=1,
    )  # fmt: skip
    model = EncodecModel(config).eval()
    for layer in model.quantizer.layers:  # they start at zero, where every entry is the same
        layer.codebook.embed.normal_()
    return model


@pytest.fixture(scope="module")
def small_dac():
    from transformers import DacConfig, DacModel

    torch.manual_seed(0)
    config = DacConfig(
        encoder_hidden_size=8, downsampling_ratios=[2, 4], decoder_hidden_size=32, upsampling_ratios=[4, 2],
        n_codebooks=4, codebook_size=16, codebook_dim=4,
    )  # fmt: skip
    return DacModel(config).eval()


def test_encodec_keeps_length_and_the_first_codebooks(small_encodec):
    clips = np.stack([sound(8_000), sound(8_000, 1)])
    two, four = (released.encodec(small_encodec, clips, n) for n in (2, 4))
    assert two.shape == four.shape == clips.shape
    assert not np.allclose(two, four)
    with pytest.raises(ValueError, match="5 codebooks are asked for, the model has 4"):
        released.encodec(small_encodec, clips, 5)


def test_dac_keeps_length_and_the_first_codebooks(small_dac):
    clips = np.stack([sound(8_000), sound(8_000, 1)])
    one, four = (released.dac(small_dac, clips, n) for n in (1, 4))
    assert one.shape == four.shape == clips.shape
    assert not np.allclose(one, four)
    with pytest.raises(ValueError, match="9 codebooks are asked for, the model has 4"):
        released.dac(small_dac, clips, 9)


def test_labels_are_real_and_then_the_alphabet():
    # The order of the authors' encoder head.
    names = [
        "musika",
        "lac7",
        "lac2",
        "lac14",
        "griffin512",
        "griffin256",
        "encodec6",
        "encodec3",
        "encodec24",
    ]
    assert decoders.label_order(names) == [
        "real", "encodec24", "encodec3", "encodec6", "griffin256", "griffin512", "lac14", "lac2", "lac7",
        "musika",
    ]  # fmt: skip


def test_a_generator_draws_sound_that_is_new_and_as_long_as_asked():
    torch.manual_seed(0)
    codec = codecs.Codec(2, widths=(4, 8, 8, 8, 8))
    clips = np.stack([sound(320 * 40, seed) for seed in range(3)])
    codecs.fit_codebooks(codec, torch.from_numpy(clips), 0)
    chain = generator.learn_chain(codec, clips)
    assert len(chain.vectors) == len(chain.first) == 3 * 40
    assert chain.last.sum() == 3
    made = generator.generate(codec, chain, 2, 5_000, np.random.default_rng(0))
    assert made.shape == (2, 5_000)
    assert not np.allclose(made[0], made[1])


SHORT_CROPS = codecs.CodecTraining(steps=1, batch_size=2, crop=3_200)


@pytest.mark.parametrize(
    ("train", "kind"),
    [(codecs.train_spectral, codecs.SpectralCodec), (codecs.train_two_stage, two_stage.TwoStageCodec)],
)
def test_a_spectrogram_codec_trains_from_its_seed(train, kind):
    clips = np.stack([sound(8_192, seed) for seed in range(2)])
    first, again, other = (train(clips, SHORT_CROPS, seed) for seed in (0, 0, 1))
    assert isinstance(first, kind)
    assert not first.training
    weights = [next(model.parameters()) for model in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_the_control_has_the_codec_s_codes_and_a_decoder_of_its_own():
    clips = np.stack([sound(8_192, seed) for seed in range(2)])
    codec = codecs.train_codec(clips, codecs.CodecTraining(3, 2, 3_200), 0)
    control = codecs.train_control(codec, clips, SHORT_CROPS, 0)
    x = torch.from_numpy(clips[:, None, :3_200])
    assert_allclose(control.encoder(x).detach(), codec.encoder(x).detach())
    assert torch.equal(control.codebooks, codec.codebooks)
    assert any(isinstance(layer, torch.nn.Upsample) for layer in control.decoder)
    assert not any(isinstance(layer, torch.nn.ConvTranspose1d) for layer in control.decoder)


def test_the_workshop_trains_once_and_knows_what_it_makes(tmp_path):
    clips = np.stack([sound(8_192, seed) for seed in range(2)])
    cache = Cache(tmp_path, modules=[codecs.__name__])
    workshop = decoders.Workshop(clips, codecs.CodecTraining(3, 2, 3_200), cache, 0)
    control = workshop.autoencoder("codec_nearest")  # needs the codec, which is trained on the way
    assert cache.computed == ["weights-codec", "weights-control"]
    assert torch.equal(workshop.autoencoder("codec_low").codebooks, control.codebooks)
    assert isinstance(workshop.autoencoder("spectral"), codecs.SpectralCodec)
    assert cache.computed == ["weights-codec", "weights-control", "weights-spectral"]
    with pytest.raises(ValueError, match="decoder is 'musika', expected one of codec_high"):
        workshop.decoder("musika")


def test_one_channel_of_griffin_mel_is_the_signal_s_own():
    x = sound()
    generator_of_phases = torch.Generator().manual_seed(3)
    alone = griffin.griffin_mel_mono(torch.from_numpy(x), 64, QUICK, generator_of_phases)
    assert_allclose(alone, griffin.griffin_mel(x, 64, settings=QUICK, seed=3))


def test_codecs_are_loaded_from_a_folder(small_encodec, small_dac, tmp_path):
    for name, model, load in (
        ("encodec", small_encodec, released.load_encodec), ("dac", small_dac, released.load_dac)
    ):  # fmt: skip
        model.save_pretrained(tmp_path / name)
        loaded = load(str(tmp_path / name))
        assert type(loaded) is type(model)
        assert not loaded.training
        for ours, theirs in zip(loaded.state_dict().values(), model.state_dict().values(), strict=True):
            assert torch.equal(ours, theirs)


def test_polar_frames_that_a_sound_has_draw_that_sound():
    # Log magnitude, cosine and sine of a transform go back to what was transformed.
    x = torch.from_numpy(sound(4_096))[None]
    window = torch.hann_window(256)
    spectra = torch.stft(x, 256, 64, window=window, return_complex=True)
    polar = torch.cat([spectra.abs().log(), spectra.angle().cos(), spectra.angle().sin()], dim=1)
    assert_allclose(two_stage.draw(polar, 256, 64, 4_096), x, atol=1e-4)


def test_a_released_codec_is_taken_by_its_name(monkeypatch, small_encodec, small_dac):
    monkeypatch.setattr(released, "load_encodec", lambda: small_encodec)
    monkeypatch.setattr(released, "load_dac", lambda: small_dac)
    clips = sound(8_000)[np.newaxis]
    assert_allclose(released.recoded("encodec3", clips, "cpu"), released.encodec(small_encodec, clips, 2))
    assert_allclose(released.recoded("dac2", clips, "cpu"), released.dac(small_dac, clips, 2))


def test_the_way_to_a_model_depends_on_whether_the_hub_was_asked(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE=0" in released.how_to_get()
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert "is there a network?" in released.how_to_get()
