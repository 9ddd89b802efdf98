"""Section "How hard is a fake?": only a share of a decoder's error is left in the sound.

Chapter: music_deepfakes.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from soundreasons.papers.music_deepfakes.experiments.scoring import clip_scores
from soundreasons.papers.music_deepfakes.method.detectors import Detector
from soundreasons.papers.music_deepfakes.testbed.twins import Twins, export


def residual_table(model: Detector, twins: Twins, shares: Sequence[float]) -> pd.DataFrame:
    """Detection when only a share of a decoder's error is left: x + a (D(x) - x), then the export.

    An addition to the paper: it grades how hard a fake is. Chapter: music_deepfakes.

    Returns
    -------
    DataFrame
        `decoder`, `share` (a), `snr` (dB, median over clips), `detected` (percent).
    """
    rows = []
    test = twins.parts["test"]
    _, first = np.unique(twins.track_rows("test"), return_index=True)
    chosen = test[first]  # one clip a track
    human = twins.raw["real"][chosen]
    for name in twins.labels[1:]:
        error = twins.raw[name][chosen] - human
        level = 10 * np.log10((human**2).sum(axis=1) / np.maximum((error**2).sum(axis=1), 1e-12))
        for share in shares:
            clips = twins.clips[name][chosen] if share == 1 else export(human + np.float32(share) * error)
            values = clip_scores(model, {name: clips}, 2)[name]
            rows.append((name, share, np.median(level) - 20 * np.log10(share), 100 * np.mean(values <= 0.5)))
    return pd.DataFrame(rows, columns=["decoder", "share", "snr", "detected"])
