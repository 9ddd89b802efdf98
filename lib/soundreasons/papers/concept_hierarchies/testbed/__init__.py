"""Our stand-in for playlists: clips of old scores whose concepts are known, because we play them."""

from soundreasons.papers.concept_hierarchies.testbed.clips import Clip, plan_clips, program_choice
from soundreasons.papers.concept_hierarchies.testbed.concepts import (
    clip_concepts,
    family_names,
    program_names,
)
from soundreasons.papers.concept_hierarchies.testbed.sounds import (
    Renderer,
    embedded_clips,
    embedded_samples,
    rendered_example,
)
