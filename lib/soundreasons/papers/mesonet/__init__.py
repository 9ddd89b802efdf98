"""MesoNet: a Compact Facial Video Forgery Detection Network (Afchar et al., WIFS 2018), rebuilt.

Read first `method.networks` (`Meso4`, `MesoInception4`), then `method.training` (the loss, the recipe),
`method.alignment` (from five points to a crop) and `method.voting` (from frames to a video). `score` is
`fast.score`, equal to `method.score`. `data` finds faces and reads released weights, `testbed` makes
forgeries, `experiments` has a module a section of the page. Chapter: mesonet.
"""

from soundreasons.papers.mesonet import data, experiments, fast, figures, method, testbed
from soundreasons.papers.mesonet.data.faces import faces_of_video
from soundreasons.papers.mesonet.data.pictures import PictureError, read_picture
from soundreasons.papers.mesonet.data.weights import RELEASED, load_released_weights, released
from soundreasons.papers.mesonet.fast import score
from soundreasons.papers.mesonet.method import (
    NETWORKS,
    PAPER,
    DilatedInception,
    Meso4,
    MesoInception4,
    Training,
    augment,
    crop,
    error_bound,
    placement,
    squared_error,
    train_detector,
    vote,
)
