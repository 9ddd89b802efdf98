"""The public sessions, for whoever has them: the paper's transformer, and its loss on the public layout.

Chapter: interpretable_attribution.
"""

from __future__ import annotations

import torch
from torch import Tensor

from soundreasons.papers.interpretable_attribution import fast
from soundreasons.papers.interpretable_attribution.data.public_sessions import (
    ASKED_SIZES,
    ASKED_SUBSETS,
    GIVEN_SIZES,
    GIVEN_SUBSETS,
    StreamingArrays,
    number_columns,
)
from soundreasons.papers.interpretable_attribution.method import SESSION_STEP, RestrictedTransformer


def streaming_transformer(*, device: str = "cpu") -> RestrictedTransformer:
    """Build the paper's restricted transformer: eight experts, three layers a side, 2.6 million numbers.

    Paper: skip prediction, the interpretable transformer. Chapter: interpretable_attribution.

    Examples
    --------
    >>> streaming_transformer(device="meta").n_parameters
    2602952
    """
    given, asked = number_columns(GIVEN_SIZES), number_columns(ASKED_SIZES)
    with torch.device(device):
        return RestrictedTransformer(given, asked, list(GIVEN_SUBSETS), list(ASKED_SUBSETS))


def streaming_loss(model: RestrictedTransformer, arrays: StreamingArrays) -> Tensor:
    """Loss of the M-step on logged sessions; padded places count for nothing.

    Paper: skip prediction. Chapter: interpretable_attribution.
    """
    device = next(model.parameters()).device
    given, asked, skipped, valid_given, valid = (torch.as_tensor(part, device=device) for part in arrays)
    logits = model.logits(given, asked, valid_given, valid).flatten(0, 1)
    return fast.batch_loss(
        logits,
        skipped.flatten(),
        model.subsets,
        SESSION_STEP,
        children=model.asked_first,
        valid=valid.flatten(),
    )
