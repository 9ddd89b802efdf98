"""Released codecs as fake generators, for the paper profile: Encodec and DAC.

Their weights are in no package, so the laptop profile does without. An adapter takes a model of the
`transformers` library, whatever its size: tests use small ones with random weights. Musika has no such
model: its weights are another framework's, for layers that we have not looked at. `two_stage` has a network
on its plan, which learns on the spot. Chapter: music_deepfakes.
"""

import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Clips = NDArray[np.float32]
# Codebooks kept of one encoding, by rate (Encodec, kbit/s) or as they are (the DAC variant of the paper).
ENCODEC_CODEBOOKS = {"encodec3": 2, "encodec6": 4, "encodec24": 16}
DAC_CODEBOOKS = {"dac2": 2, "dac7": 7, "dac14": 14}


HUB_MODELS = {
    **dict.fromkeys(ENCODEC_CODEBOOKS, "facebook/encodec_48khz"),
    **dict.fromkeys(DAC_CODEBOOKS, "descript/dac_44khz"),
}
HUB_FILES = ("config.json", "model.safetensors")


def is_here(model: str) -> bool:
    """Whether a model of the hub can be loaded; it is fetched now where the user allows the hub.

    Parameters
    ----------
    model : str
        Name on the hub, e.g. "facebook/encodec_48khz"; asked for only with `HF_HUB_OFFLINE=0`.
    """
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError

    try:
        for file in HUB_FILES:
            huggingface_hub.hf_hub_download(model, file, local_files_only=not _may_ask())
    except (OSError, HfHubHTTPError, ValueError):  # not kept here, no network, no such model
        return False
    return True


def how_to_get() -> str:
    """What to do about a model of the hub that is not here."""
    if _may_ask():
        return "the model hub was asked and did not give it; is there a network?"
    return "allow the model hub once: `HF_HUB_OFFLINE=0 soundreasons run music_deepfakes …`"


def _may_ask() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "1") == "0"


def recoded(name: str, clips: Clips, device: str) -> Clips:
    """Send clips through a released codec, by its name among our decoders."""
    if name in DAC_CODEBOOKS:
        return dac(load_dac().to(device), clips, DAC_CODEBOOKS[name])
    return encodec(load_encodec().to(device), clips, ENCODEC_CODEBOOKS[name])


def load_encodec(source: str = "facebook/encodec_48khz") -> Any:
    """Load Encodec from a folder, or from the hub where the user allows it (`HF_HUB_OFFLINE=0`)."""
    from transformers import EncodecModel

    model: Any = EncodecModel.from_pretrained(source, use_safetensors=True)
    return model.eval()


def load_dac(source: str = "descript/dac_44khz") -> Any:
    """Load DAC from a folder, or from the hub where the user allows it (`HF_HUB_OFFLINE=0`)."""
    from transformers import DacModel

    model: Any = DacModel.from_pretrained(source, use_safetensors=True)
    return model.eval()


@torch.inference_mode()
def encodec(model: Any, clips: Clips, n_codebooks: int) -> Clips:
    """Send mono clips through Encodec, keeping the first codebooks of one encoding at the highest rate.

    As in the paper, samples at 44.1 kHz are handed over as if the model's rate were theirs.
    Chapter: music_deepfakes.

    Parameters
    ----------
    model : transformers.EncodecModel
        On any device.
    clips : ndarray, shape (n_clips, n_samples)
        At 44.1 kHz.
    n_codebooks : int
        How many to keep.

    Returns
    -------
    ndarray, shape (n_clips, n_samples)

    Raises
    ------
    ValueError
        If the model has fewer codebooks.
    """
    channels = model.config.audio_channels
    rebuilt = []
    for clip in clips:
        sound = torch.from_numpy(clip).to(model.device).expand(1, channels, -1)
        encoded = model.encode(sound, bandwidth=max(model.config.target_bandwidths))
        # Shape (chunks, 1, codebooks, frames): the first codebooks are those of every lower rate.
        codes = encoded.audio_codes
        _require(n_codebooks, codes.shape[2])
        decoded = model.decode(
            codes[:, :, :n_codebooks],
            encoded.audio_scales,
            last_frame_pad_length=encoded.last_frame_pad_length,
        )
        rebuilt.append(_fitted(decoded.audio_values[0].mean(dim=0).cpu().numpy(), clips.shape[1]))
    return np.stack(rebuilt)


@torch.inference_mode()
def dac(model: Any, clips: Clips, n_codebooks: int) -> Clips:
    """Send mono clips through DAC, keeping the first codebooks; parameters, errors as `encodec`."""
    _require(n_codebooks, model.config.n_codebooks)
    rebuilt = []
    for clip in clips:
        sound = torch.from_numpy(clip).to(model.device)[None, None]
        codes = model.encode(sound).audio_codes[:, :n_codebooks]
        decoded = model.decode(audio_codes=codes).audio_values
        rebuilt.append(_fitted(decoded.reshape(-1).cpu().numpy(), clips.shape[1]))
    return np.stack(rebuilt)


def _require(wanted: int, there: int) -> None:
    if not 1 <= wanted <= there:
        raise ValueError(f"{wanted} codebooks are asked for, the model has {there}")


def _fitted(mono: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    return np.pad(mono, (0, max(0, length - len(mono))))[:length].astype(np.float32)
