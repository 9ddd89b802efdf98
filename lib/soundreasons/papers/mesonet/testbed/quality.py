"""Is a forgery a forgery? Whose face it shows, and how much its seam stands out.

A generator is accepted by these two, never by how blurred its faces are: that is what a claim of the
paper is about. Chapter: mesonet.
"""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from soundreasons.media.video import Pixels
from soundreasons.papers.mesonet.method.alignment import MARGIN
from soundreasons.papers.mesonet.testbed.bench import Bench
from soundreasons.papers.mesonet.testbed.editing import FACE_ELLIPSE, face_mask

# A swap is accepted if most of its faces are taken for the other person's, and its rim stands out little.
LEAST_TRANSFER = 0.5
MOST_SEAM = 1.5


def features(crops: Pixels) -> NDArray[np.float64]:
    """Histograms of oriented gradients of the inner face, (n, 1764): who it is, not how it is lit.

    Of a rectangle inside the ellipse that a swap exchanges: what surrounds it is still the other
    person's. Chapter: mesonet.
    """
    middle = crops.shape[1] // 2
    half_x, half_y = (round(0.8 * axis * crops.shape[1] / MARGIN) for axis in FACE_ELLIPSE[:2])
    descriptor = cv2.HOGDescriptor((64, 64), (16, 16), (8, 8), (8, 8), 9)
    rows = []
    for picture in crops:
        inner = picture[middle - half_y : middle + half_y, middle - half_x : middle + half_x]
        grey = cv2.cvtColor(inner, cv2.COLOR_RGB2GRAY)
        rows.append(np.asarray(descriptor.compute(cv2.resize(grey, (64, 64), interpolation=cv2.INTER_AREA))))
    return np.stack(rows).reshape(len(crops), -1)


def identity_transfer(bench: Bench, quantisation: int) -> pd.DataFrame:
    """Ask a classifier that knows both people whose face a swap shows.

    It learns on untouched training scenes and is asked about test scenes. Chapter: mesonet.

    Returns
    -------
    DataFrame, one row a person
        `person`, `shown` (whose face was laid over theirs), `knows` (accuracy on untouched test
        faces), `taken_for_shown` (share of the swapped faces taken for the other), `seam` (see `seam`),
        `accepted` (whether both are as they must be; nothing is thrown away where they are not).
    """
    clips = bench.clips("real", quantisation)
    by: dict[tuple[str, str], Pixels] = {}
    for part in ("train", "test"):
        for person in bench.cast.people:
            crops = [c.crops for c in clips if c.person == person and c.part == part]
            if crops:
                by[person, part] = np.concatenate(crops)
    rows = []
    for person, shown in bench.cast.swaps.items():
        pair = (person, shown)
        if any((p, part) not in by for p in pair for part in ("train", "test")):
            continue  # so few scenes that a part of somebody is empty: nothing to learn from or ask about
        judge = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
        judge.fit(
            np.concatenate([features(by[p, "train"]) for p in pair]),
            np.repeat(pair, [len(by[p, "train"]) for p in pair]),
        )
        knows = np.mean([np.mean(judge.predict(features(by[p, "test"])) == p) for p in pair])
        swapped = [c for c in bench.clips("swap", quantisation) if c.person == person and c.part == "test"]
        real = [c for c in clips if c.person == person and c.part == "test"]
        forged = np.concatenate([c.crops for c in swapped])
        taken = float(np.mean(judge.predict(features(forged)) == shown))
        rim = seam(forged, np.concatenate([c.crops for c in real]))
        accepted = taken >= LEAST_TRANSFER and rim <= MOST_SEAM
        rows.append((person, shown, float(knows), taken, rim, accepted))
    columns = ["person", "shown", "knows", "taken_for_shown", "seam", "accepted"]
    return pd.DataFrame(rows, columns=columns)


def seam(forged: Pixels, real: Pixels) -> float:
    """Strength of edges on the rim of the pasted ellipse, over that of the untouched faces there.

    Chapter: mesonet.

    Returns
    -------
    float
        1: the rim does not stand out.
    """
    inside = face_mask(forged.shape[1]).astype(np.uint8)
    rim = cv2.dilate(inside, np.ones((5, 5))) != cv2.erode(inside, np.ones((5, 5)))
    strengths = []
    for crops in (forged, real):
        greys = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in crops]
        edges = [np.hypot(cv2.Sobel(g, cv2.CV_64F, 1, 0), cv2.Sobel(g, cv2.CV_64F, 0, 1)) for g in greys]
        strengths.append(np.mean([edge[rim].mean() for edge in edges]))
    return float(strengths[0] / strengths[1])
