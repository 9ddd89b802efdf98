"""What is read (`sources`), and how it is shaped for the chapter (`listening`)."""

from soundreasons.papers.explainable_recommendation.data.listening import (
    Listening,
    Tables,
    binary,
    interaction_matrix,
    item_numbers,
    keep_music_facts,
    most_heard,
    number_tables,
    sizes,
    split,
)
from soundreasons.papers.explainable_recommendation.data.sources import (
    Source,
    available,
    choose_source,
    listening,
)
