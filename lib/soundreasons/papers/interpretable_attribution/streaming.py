"""The paper's model for the public skip prediction data: its groups, subsets and sizes.

Task: lay out the columns of the two sides as the paper groups them. Given side: place (2), context (13),
interaction (29), general (3), musical (26); asked side: place (2), general (3), musical (26). Source:
section 4.3. Chapter: interpretable_attribution.
"""

from __future__ import annotations

from soundreasons.papers.interpretable_attribution.transformer import RestrictedTransformer

GIVEN_SIZES = {"place": 2, "context": 13, "interaction": 29, "general": 3, "musical": 26}
ASKED_SIZES = {"place": 2, "general": 3, "musical": 26}
# By number of the group above; every subset holds the place.
GIVEN_SUBSETS = (
    (0, 1), (0, 2), (0, 3), (0, 4), (0, 1, 2), (0, 3, 4), (0, 1, 2, 3), (0, 1, 2, 3, 4),
)  # fmt: skip
ASKED_SUBSETS = ((0,), (0,), (0, 1), (0, 2), (0,), (0, 1, 2), (0, 1), (0, 1, 2))


def columns_of(sizes: dict[str, int]) -> list[list[int]]:
    """Number the columns of groups that stand side by side. Chapter: interpretable_attribution.

    Examples
    --------
    >>> columns_of({"place": 2, "general": 3})
    [[0, 1], [2, 3, 4]]
    """
    starts, end = [], 0
    for size in sizes.values():
        starts.append(list(range(end, end + size)))
        end += size
    return starts


def streaming_transformer(*, device: str = "cpu") -> RestrictedTransformer:
    """Build the paper's restricted transformer: eight experts, three layers a side, 2.6 million numbers.

    Source: section 4.3. Chapter: interpretable_attribution.

    Examples
    --------
    >>> streaming_transformer(device="meta").n_parameters
    2602952
    """
    return RestrictedTransformer(
        columns_of(GIVEN_SIZES), columns_of(ASKED_SIZES), list(GIVEN_SUBSETS), list(ASKED_SUBSETS),
        width=64, n_heads=8, n_layers=3, device=device,
    )  # fmt: skip
