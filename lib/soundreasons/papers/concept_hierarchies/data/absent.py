"""What the chapter would use and this machine lacks."""

from collections.abc import Sequence

from soundreasons import data
from soundreasons.papers.concept_hierarchies.data.orders import order

_ALWAYS = (
    "published_concepts", "word_vectors", "game_music_embeddings", "every_noise_map", "gtzan_features",
    "cc_music_tracks",
)  # fmt: skip


def missing_data(orders: Sequence[str], *, samples: bool = True) -> list[str]:
    """Name what the chapter would use and this machine lacks. Chapter: concept_hierarchies."""
    wanted = [*_ALWAYS, *(["sonic_pi_samples"] if samples else [])]
    wanted += [name for each in orders for name in order(each).needs]
    return [name for name in dict.fromkeys(wanted) if not data.available(name)]
