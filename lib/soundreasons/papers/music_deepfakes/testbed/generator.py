"""A toy music generator that speaks a known decoder's language.

The paper shows that a detector trained on Encodec's reconstructions detects MusicGen, which draws codes and
decodes them with Encodec. Here codes are drawn from a first-order chain and decoded with our codec: new
sound, no version of any song, made by a decoder that the detector knows. Chapter: music_deepfakes.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundreasons.papers.music_deepfakes.testbed.codecs import STRIDES, Codec

Clips = NDArray[np.float32]


class CodeChain(NamedTuple):
    """What followed what in some music.

    `vectors`, shape (n, width): quantised code vectors, in order of time; `first`, shape (n,): entry of the
    first codebook of each; `last`, shape (n,): whether a clip ends there.
    """

    vectors: Tensor
    first: NDArray[np.intp]
    last: NDArray[np.bool_]


@torch.inference_mode()
def learn_chain(codec: Codec, clips: Clips) -> CodeChain:
    """Encode music and keep the order of its codes.

    Parameters
    ----------
    codec : Codec
        Trained.
    clips : ndarray, shape (n_clips, n_samples)
        Human music, of the training side.
    """
    device = codec.codebooks.device
    step = int(np.prod(STRIDES))
    vectors, last = [], []
    for clip in clips:
        mono = torch.from_numpy(clip[: len(clip) // step * step]).to(device)[None]
        codes = codec.quantise(codec.encoder(mono[:, None]), len(codec.codebooks))[0].T
        vectors.append(codes)
        last += [False] * (len(codes) - 1) + [True]
    together = torch.cat(vectors)
    first = torch.cdist(together, codec.codebooks[0]).argmin(dim=1).cpu().numpy()
    return CodeChain(together, first, np.array(last))


@torch.inference_mode()
def generate(codec: Codec, chain: CodeChain, n_clips: int, n_samples: int, rng: np.random.Generator) -> Clips:
    """Draw codes from the chain and decode them.

    From each code, go to one that somewhere followed a code with the same first entry.
    Chapter: music_deepfakes.

    Parameters
    ----------
    codec : Codec
        The chain's own.
    chain : CodeChain
        From `learn_chain`.
    n_clips, n_samples : int
        What to make.
    rng : numpy.random.Generator
        Draws.

    Returns
    -------
    ndarray, shape (n_clips, n_samples), float32
    """
    n_frames = -(-n_samples // int(np.prod(STRIDES)))
    goes_on = np.flatnonzero(~chain.last)
    places = {entry: goes_on[chain.first[goes_on] == entry] for entry in np.unique(chain.first[goes_on])}
    made = []
    for _ in range(n_clips):
        path = [int(rng.choice(goes_on))]
        while len(path) < n_frames:
            known = places.get(chain.first[path[-1]], goes_on)
            path.append(int(rng.choice(known)) + 1)
        sound = codec.decoder(chain.vectors[path].T[None])[0, 0]
        made.append(sound[:n_samples].cpu().numpy())
    return np.asarray(np.clip(np.stack(made), -1, 1), dtype=np.float32)
