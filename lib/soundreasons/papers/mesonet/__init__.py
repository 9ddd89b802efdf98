"""MesoNet: a Compact Facial Video Forgery Detection Network (Afchar et al., WIFS 2018), rebuilt.

Chapter: mesonet.
"""

from soundreasons.papers.mesonet.alignment import Placement, crop, crop_matrix, placement
from soundreasons.papers.mesonet.faces import FaceClip, Track, face_clips, faces_of_video, follow
from soundreasons.papers.mesonet.landmarks import LandmarkNetwork, Landmarks, look_again, search
from soundreasons.papers.mesonet.networks import NETWORKS, DilatedInception, Meso1, Meso4, MesoInception4
from soundreasons.papers.mesonet.pictures import PictureError, nearest, read_picture
from soundreasons.papers.mesonet.weights import RELEASED, load_released_weights, released

__all__ = [
    "NETWORKS",
    "RELEASED",
    "DilatedInception",
    "FaceClip",
    "LandmarkNetwork",
    "Landmarks",
    "Meso1",
    "Meso4",
    "MesoInception4",
    "PictureError",
    "Placement",
    "Track",
    "crop",
    "crop_matrix",
    "face_clips",
    "faces_of_video",
    "follow",
    "load_released_weights",
    "look_again",
    "nearest",
    "placement",
    "read_picture",
    "released",
    "search",
]
