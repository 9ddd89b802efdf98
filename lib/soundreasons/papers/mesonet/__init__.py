"""MesoNet: a Compact Facial Video Forgery Detection Network (Afchar et al., WIFS 2018), rebuilt.

Chapter: mesonet.
"""

from soundreasons.papers.mesonet.networks import NETWORKS, DilatedInception, Meso1, Meso4, MesoInception4
from soundreasons.papers.mesonet.weights import RELEASED, load_released_weights, released

__all__ = [
    "NETWORKS",
    "RELEASED",
    "DilatedInception",
    "Meso1",
    "Meso4",
    "MesoInception4",
    "load_released_weights",
    "released",
]
