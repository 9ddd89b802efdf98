"""Older name of `soundreasons.learning.intervals`, for those who still import it."""

from soundreasons.learning.intervals import Interval, bootstrap_interval, mean_interval, paired_differences

__all__ = ["Interval", "bootstrap_interval", "mean_interval", "paired_differences"]
