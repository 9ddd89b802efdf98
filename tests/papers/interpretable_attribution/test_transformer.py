"""The restricted transformer: nothing leaks over time, padding counts for nothing, attention is torch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from soundreasons.papers.interpretable_attribution import method
from soundreasons.papers.interpretable_attribution.data.sessions import (
    ASKED_GROUPS,
    GIVEN_GROUPS,
    SESSION_SUBSETS,
    draw_sessions,
)


def transformer():
    torch.manual_seed(0)
    return method.RestrictedTransformer(
        GIVEN_GROUPS, ASKED_GROUPS, list(SESSION_SUBSETS), size=method.TransformerSize(8, 2, 2)
    )


def test_the_transformer_leaks_nothing_over_time_or_between_sides():
    model = transformer()
    sessions = draw_sessions(8, np.random.default_rng(0))
    given, asked = (torch.as_tensor(part) for part in sessions[:2])
    before = model(given, asked)
    moved = given.clone()
    moved[:, :, 3] += 5  # the starts, at every place: experts 1 and 4 may see them
    changed = (model(moved, asked) - before).abs().amax(dim=(0, 1)) > 0
    assert changed.tolist() == [False, True, False, False, True]
    other = asked.clone()
    other[:, :, 2:] += 5  # the music of what is asked: experts 2, 3 and 4 may
    changed = (model(given, other) - before).abs().amax(dim=(0, 1)) > 0
    assert changed.tolist() == [False, False, True, True, True]


def test_padding_in_a_session_changes_nothing():
    model = transformer()
    sessions = draw_sessions(4, np.random.default_rng(0))
    given, asked = (torch.as_tensor(part) for part in sessions[:2])
    short = model(given[:, :7], asked[:, :6])
    valid_given, valid = torch.arange(10) < 7, torch.arange(10) < 6
    padded = model(given, asked, valid_given=valid_given.expand(4, -1), valid=valid.expand(4, -1))
    assert torch.allclose(padded[:, :6], short, atol=1e-5)


def test_attention_agrees_with_torch():
    # torch's own layer, with the same weights; ours has no bias on queries, keys and values.
    ours = method.Attention(8, 8, 8, 2)
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key.weight, ours.value.weight]))
        theirs.in_proj_bias.zero_()
        theirs.out_proj.weight.copy_(ours.out.weight)
        theirs.out_proj.bias.copy_(ours.out.bias)
    x, memory = torch.randn(3, 4, 8), torch.randn(3, 6, 8)
    assert torch.allclose(ours(x, memory), theirs(x, memory, memory)[0], atol=1e-6)


def test_impossible_transformers_are_refused():
    with pytest.raises(ValueError, match="width 8 is not shared evenly by 3 heads"):
        method.RestrictedTransformer([[0]], [[0]], [(0,)], size=method.TransformerSize(8, 3, 1))
    with pytest.raises(ValueError, match="subset 0 sees no column on the asked side"):
        method.RestrictedTransformer([[0], [1]], [[], [0]], [(0,), (0, 1)])
    with pytest.raises(ValueError, match="2 subsets on the given side, 1 on the asked side"):
        method.RestrictedTransformer([[0], [1]], [[0]], [(0,), (0, 1)], [(0,)])
