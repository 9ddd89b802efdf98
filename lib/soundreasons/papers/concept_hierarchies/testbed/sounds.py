"""Clips as sound, and as activations that are kept for the next run."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundreasons import data
from soundreasons.papers.concept_hierarchies.data.activations import Layers, computed, digests, embed_patches
from soundreasons.papers.concept_hierarchies.data.sounds import load_sound
from soundreasons.papers.concept_hierarchies.data.taggers import load_quick_tagger
from soundreasons.papers.concept_hierarchies.method.network import PATCH_SAMPLES, SAMPLE_RATE
from soundreasons.papers.concept_hierarchies.testbed.clips import Clip, Companions, plan_clips, program_choice

_LOUDNESS = 0.08  # root mean square
_SILENT = 1e-4


class Renderer:
    """Plays clips with the sound font, one after the other. Chapter: concept_hierarchies.

    Parameters
    ----------
    sample_rate : int
        In Hz.

    Raises
    ------
    ImportError
        If `tinysoundfont` is not installed.
    """

    def __init__(self, sample_rate: int = SAMPLE_RATE) -> None:
        import tinysoundfont  # type: ignore[import-untyped]

        self._rate = sample_rate
        self._synth = tinysoundfont.Synth(gain=-6.0, samplerate=sample_rate)
        path = data.open("gm_sound_font").path
        self._font = self._synth.sfload(str(path))

    def render(self, clip: Clip, n_samples: int | None = None) -> NDArray[np.float32]:
        """Render a clip as mono sound of even loudness; one patch long unless told.

        Returns
        -------
        ndarray, shape (n_samples,), float32
            Root mean square 0.08, peaks cut down to 1 by scaling.

        Raises
        ------
        ValueError
            If nothing sounds: names the piece and the programs.
        """
        length = n_samples or round(PATCH_SAMPLES * self._rate / SAMPLE_RATE)
        synth: Any = self._synth
        synth.notes_off()
        synth.sounds_off()
        self._generate(self._rate // 4)  # what still sounded fades within a few milliseconds
        for player, program in enumerate(clip.programs):
            synth.program_select(player, self._font, 0, program)
        sound = np.concatenate([block for block in self._blocks(clip, length)])
        level = float(np.sqrt((sound**2).mean()))
        if level < _SILENT:
            raise ValueError(f"{clip.piece} with programs {clip.programs} is silent; choose other programs")
        return np.asarray(sound * min(_LOUDNESS / level, 1.0 / np.abs(sound).max()), dtype=np.float32)

    def _blocks(self, clip: Clip, length: int) -> list[NDArray[np.float32]]:
        """Sound between the moments at which a note begins or ends."""
        events = []
        for player, onset, duration, pitch in clip.notes:
            begin, end = round(onset * self._rate), round((onset + duration) * self._rate)
            events += [(begin, 1, int(player), int(pitch)), (max(end, begin + 1), 0, int(player), int(pitch))]
        blocks, now = [], 0
        for moment, starts, player, pitch in [*sorted(events), (length, 0, -1, 0)]:
            until = min(moment, length)
            if until > now:
                blocks.append(self._generate(until - now))
                now = until
            if now >= length:
                break
            (self._synth.noteon if starts else self._synth.noteoff)(player, pitch, *((90,) if starts else ()))
        return blocks

    def _generate(self, n_samples: int) -> NDArray[np.float32]:
        stereo = np.frombuffer(bytes(self._synth.generate(n_samples)), dtype=np.float32).reshape(-1, 2)
        return np.asarray(stereo.mean(axis=1), dtype=np.float32)


def rendered_example() -> NDArray[np.float32]:
    """Play four clips one after the other, for machines without a recording. Chapter: concept_hierarchies."""
    renderer = Renderer()
    return np.concatenate([renderer.render(c) for c in plan_clips(4, "family", np.random.default_rng(0))])


def embedded_clips(
    n_clips: int, companions: Companions, seed: int, *, programs_per_family: int = 4, device: str = "cpu"
) -> tuple[list[Clip], Layers]:
    """Plan, render and embed clips; what was computed before with this code and data is read instead.

    Chapter: concept_hierarchies.

    Parameters
    ----------
    n_clips, companions
        As for `plan_clips`.
    seed : int
        Of the plan.
    programs_per_family : {1, 2, 4, 8}
        As for `program_choice`.
    device : str
        Where the network runs.

    Returns
    -------
    list of Clip, dict of ndarray
        The plans, and the layers as `embed_patches` gives them.
    """
    plan = plan_clips(
        n_clips, companions, np.random.default_rng([seed, n_clips]), program_choice(programs_per_family)
    )

    def compute() -> Layers:
        renderer = Renderer()
        return embed_patches(
            (renderer.render(clip) for clip in plan), load_quick_tagger(device=device), device=device
        )

    known = {
        "n_clips": n_clips,
        "companions": companions,
        "seed": seed,
        "programs": programs_per_family,
        "device": device.partition(":")[0],
    }
    read = digests("old_scores", "gm_sound_font", "musicnn_taggers")
    return plan, computed([__name__]).arrays("clips", compute, parameters=known, data=read)


def embedded_samples(device: str = "cpu") -> tuple[list[str], Layers]:
    """Embed the samples of Sonic Pi: each repeated until it fills a patch, or its first three seconds.

    Chapter: concept_hierarchies.

    Returns
    -------
    list of str, dict of ndarray
        Names of the samples, such as "bd_808", and the layers.
    """
    paths = data.open("sonic_pi_samples").paths
    names = sorted(name for name, path in paths.items() if path.suffix == ".flac")

    def compute() -> Layers:
        sounds = (np.resize(load_sound(paths[name]), PATCH_SAMPLES) for name in names)
        return embed_patches(sounds, load_quick_tagger(device=device), device=device)

    where = {"device": device.partition(":")[0]}
    read = digests("sonic_pi_samples", "musicnn_taggers")
    return names, computed([__name__]).arrays("samples", compute, parameters=where, data=read)
