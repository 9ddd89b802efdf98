"""A convincing story: how far a sentence of tags gets towards the reasons of the model."""


def deletion_gain(of: float, random: float, best: float) -> float:
    """Say how far an explanation gets from random to exact reasons, by deletion: 0 to 1.

    Chapter: explainable_recommendation.

    Raises
    ------
    ValueError
        If exact reasons are no better than random ones: then there is no way to go.

    Examples
    --------
    >>> deletion_gain(0.2, 0.1, 0.5)
    0.25
    """
    if not best > random:
        raise ValueError(
            f"exact reasons lose {best} of the score and random ones {random}: nothing to compare"
        )
    return (of - random) / (best - random)
