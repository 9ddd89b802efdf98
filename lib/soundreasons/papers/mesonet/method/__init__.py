"""The paper, definition by definition; read in this order.

`networks`: a block, Meso-4, the dilated inception module, MesoInception-4, the score of a face (`fast.score`
is the same for many faces). `training`: the loss, the augmentation, the recipe. `alignment`: from five points
to an upright crop. `voting`: from frames to a video, and what averaging can do. Chapter: mesonet.
"""

from soundreasons.papers.mesonet.method.alignment import Placement, crop, crop_matrix, placement
from soundreasons.papers.mesonet.method.networks import (
    NETWORKS,
    DilatedInception,
    FaceNetwork,
    Meso4,
    MesoInception4,
    block,
    norm,
    score,
    to_tensor,
)
from soundreasons.papers.mesonet.method.training import (
    PAPER,
    Training,
    augment,
    balanced_batches,
    fit,
    recipe,
    settle_norms,
    squared_error,
    train_detector,
)
from soundreasons.papers.mesonet.method.voting import THRESHOLD, error_bound, vote
