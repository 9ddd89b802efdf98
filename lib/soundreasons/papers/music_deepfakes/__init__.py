"""Detecting music deepfakes is easy but actually hard (Afchar, Meseguer-Brocal, Hennequin), rebuilt.

Human music and what decoders make of it (`collect`), five views of it (`front_end`), two networks
(`SpectrogramDetector`, `WaveformDetector`), what people do to sound (`manipulate`), peaks that upsampling
leaves (`fakeprint`, `comb_frequencies`), and experiments that ask what a score is worth.
Fakeprints carry the authors' patent notice: see `fakeprints`. Chapter: music_deepfakes.
"""

import warnings

with warnings.catch_warnings():
    # Librosa brings a progress bar along which complains, inside a notebook, that it cannot be drawn.
    warnings.filterwarnings("ignore", message="IProgress not found")
    import librosa  # noqa: F401

from soundreasons.papers.music_deepfakes.codecs import Codec, CodecTraining, SpectralCodec
from soundreasons.papers.music_deepfakes.collection import Collection, Plan, cache, collect, export
from soundreasons.papers.music_deepfakes.combs import (
    comb_frequencies,
    line_heights,
    mean_level,
    stack_output,
    untrained_stack,
)
from soundreasons.papers.music_deepfakes.decoders import (
    CODEC_STRIDES,
    DECODERS,
    FAMILIES,
    HIFIGAN_STRIDES,
    available_decoders,
    label_order,
)
from soundreasons.papers.music_deepfakes.detectors import SpectrogramDetector, WaveformDetector, detector
from soundreasons.papers.music_deepfakes.evidence import (
    EvidenceMap,
    band_evidence,
    band_pass,
    decoder_lines,
    evidence_map,
    stack_heights,
    strongest_band,
    train_patches,
)
from soundreasons.papers.music_deepfakes.experiments import (
    Mixture,
    accuracy,
    changed_scores,
    class_table,
    detected,
    false_alarms,
    interval,
    losses,
    mixture,
    outside_scores,
    per_track,
    reliability,
    residual_table,
    side_scores,
    train,
    transfer,
    tune,
)
from soundreasons.papers.music_deepfakes.fakeprints import fakeprint, print_classifier, print_frequencies
from soundreasons.papers.music_deepfakes.figures import (
    plot_bands,
    plot_comb,
    plot_evidence,
    plot_mixture,
    plot_percentages,
    plot_prints,
    plot_reliability,
    plot_residual,
    plot_scores,
    plot_view,
)
from soundreasons.papers.music_deepfakes.front_ends import KINDS, SAMPLE_RATE, SNIPPET, features, front_end
from soundreasons.papers.music_deepfakes.generator import CodeChain, generate, learn_chain
from soundreasons.papers.music_deepfakes.griffin import GriffinSettings, griffin_mel
from soundreasons.papers.music_deepfakes.hifigan import HifiGan, load_generator, vocode
from soundreasons.papers.music_deepfakes.listening import Riddle, abx, playable
from soundreasons.papers.music_deepfakes.manipulations import MANIPULATIONS, Manipulation, biquad, manipulate
from soundreasons.papers.music_deepfakes.music import FREE_MUSIC, Track, clips_of, split_by_artist, tracks
from soundreasons.papers.music_deepfakes.published import (
    count_songs,
    counted_beforehand,
    example_prints,
    example_transfer,
    examples_here,
    held_out_accuracy,
    leave_one_song_out,
    published_transfer,
    published_views,
    song_decisions,
    upsampling_accuracy,
)
from soundreasons.papers.music_deepfakes.training import (
    Training,
    alternating_files,
    clip_scores,
    fit_detector,
    recompute_statistics,
    scores,
)

__all__ = [
    "CODEC_STRIDES",
    "DECODERS",
    "FAMILIES",
    "FREE_MUSIC",
    "HIFIGAN_STRIDES",
    "KINDS",
    "MANIPULATIONS",
    "SAMPLE_RATE",
    "SNIPPET",
    "CodeChain",
    "Codec",
    "CodecTraining",
    "Collection",
    "EvidenceMap",
    "GriffinSettings",
    "HifiGan",
    "Manipulation",
    "Mixture",
    "Plan",
    "Riddle",
    "SpectralCodec",
    "SpectrogramDetector",
    "Track",
    "Training",
    "WaveformDetector",
    "abx",
    "accuracy",
    "alternating_files",
    "available_decoders",
    "band_evidence",
    "band_pass",
    "biquad",
    "cache",
    "changed_scores",
    "class_table",
    "clip_scores",
    "clips_of",
    "collect",
    "comb_frequencies",
    "count_songs",
    "counted_beforehand",
    "decoder_lines",
    "detected",
    "detector",
    "evidence_map",
    "example_prints",
    "example_transfer",
    "examples_here",
    "export",
    "fakeprint",
    "false_alarms",
    "features",
    "fit_detector",
    "front_end",
    "generate",
    "griffin_mel",
    "held_out_accuracy",
    "interval",
    "label_order",
    "learn_chain",
    "leave_one_song_out",
    "line_heights",
    "load_generator",
    "losses",
    "manipulate",
    "mean_level",
    "mixture",
    "outside_scores",
    "per_track",
    "playable",
    "plot_bands",
    "plot_comb",
    "plot_evidence",
    "plot_mixture",
    "plot_percentages",
    "plot_prints",
    "plot_reliability",
    "plot_residual",
    "plot_scores",
    "plot_view",
    "print_classifier",
    "print_frequencies",
    "published_transfer",
    "published_views",
    "recompute_statistics",
    "reliability",
    "residual_table",
    "scores",
    "side_scores",
    "song_decisions",
    "split_by_artist",
    "stack_heights",
    "stack_output",
    "strongest_band",
    "tracks",
    "train",
    "train_patches",
    "transfer",
    "tune",
    "untrained_stack",
    "upsampling_accuracy",
    "vocode",
]
