"""Of Spiky SVDs and Music Recommendation (Afchar, Hennequin, Guigue, RecSys 2023), rebuilt.

Associations of items (`ppmi`), their embedding (`embed`), how few directions hold half of them
(`spikiness`), block models that explain why (`block_model`), and what becomes of an item's
neighbours when data is added (`neighbour_overlap`). Chapter: spiky_svd.
"""

from soundreasons.papers.spiky_svd.association import KeptPairs, kept_pairs, ppmi
from soundreasons.papers.spiky_svd.block_experiments import (
    Climb,
    climb,
    climbs,
    exact_spikes,
    hub_effect,
    model_measures,
    model_name,
    noisy_spikes,
    norm_spread,
)
from soundreasons.papers.spiky_svd.block_model import BlockModel, block_model, grow_item
from soundreasons.papers.spiky_svd.datasets import (
    DATA_SETS,
    Interactions,
    available,
    from_pairs,
    interactions,
)
from soundreasons.papers.spiky_svd.experiments import (
    companions,
    fit_errors,
    largest_spikes,
    null_cloud,
    opened,
    spectra,
    spike_members,
    spike_ratios,
)
from soundreasons.papers.spiky_svd.factorisation import embed, singular_values
from soundreasons.papers.spiky_svd.figures import (
    plot_climb,
    plot_clustering_profile,
    plot_consecutive,
    plot_consecutive_3d,
    plot_norm_spread,
    plot_overlap,
    plot_pairwise,
    plot_spectrum,
    plot_spike_ratio,
)
from soundreasons.papers.spiky_svd.growth import (
    Growth,
    final_overlaps,
    grow,
    grow_by_time,
    grow_by_users,
    moments,
    overlap_by_norm,
    time_passed,
    users_revealed,
    without_leading,
)
from soundreasons.papers.spiky_svd.nulls import flip_signs, gaussian_rows, rewire
from soundreasons.papers.spiky_svd.pipeline import (
    Association,
    associate,
    placed,
    placed_spikiness,
    rerun_counts,
)
from soundreasons.papers.spiky_svd.published import (
    beside_earlier_draws,
    published_spectra,
    published_table,
)
from soundreasons.papers.spiky_svd.recovery import BlockFit, fit_block_model
from soundreasons.papers.spiky_svd.spikiness import Spikiness, spike_of, spikiness
from soundreasons.papers.spiky_svd.stability import nearest, neighbour_overlap, norm_groups, shared_part

__all__ = [
    "DATA_SETS",
    "Association",
    "BlockFit",
    "BlockModel",
    "Climb",
    "Growth",
    "Interactions",
    "KeptPairs",
    "Spikiness",
    "associate",
    "available",
    "beside_earlier_draws",
    "block_model",
    "climb",
    "climbs",
    "companions",
    "embed",
    "exact_spikes",
    "final_overlaps",
    "fit_block_model",
    "fit_errors",
    "flip_signs",
    "from_pairs",
    "gaussian_rows",
    "grow",
    "grow_by_time",
    "grow_by_users",
    "grow_item",
    "hub_effect",
    "interactions",
    "kept_pairs",
    "largest_spikes",
    "model_measures",
    "model_name",
    "moments",
    "nearest",
    "neighbour_overlap",
    "noisy_spikes",
    "norm_groups",
    "norm_spread",
    "null_cloud",
    "opened",
    "overlap_by_norm",
    "placed",
    "placed_spikiness",
    "plot_climb",
    "plot_clustering_profile",
    "plot_consecutive",
    "plot_consecutive_3d",
    "plot_norm_spread",
    "plot_overlap",
    "plot_pairwise",
    "plot_spectrum",
    "plot_spike_ratio",
    "ppmi",
    "published_spectra",
    "published_table",
    "rerun_counts",
    "rewire",
    "shared_part",
    "singular_values",
    "spectra",
    "spike_members",
    "spike_of",
    "spike_ratios",
    "spikiness",
    "time_passed",
    "users_revealed",
    "without_leading",
]
