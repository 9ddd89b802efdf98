"""Our stand-in world: human clips and their forged twins, the decoders that forge, what people do to sound.

`twins` makes the clips; `decoders` knows every decoder by name: `hifigan`, `griffin`, `codecs`, `two_stage`,
`released`. `generator` draws music that nobody played, `stacks` are layers that nobody trained,
`manipulations` change sound.
"""

from soundreasons.papers.music_deepfakes.testbed.codecs import CodecTraining
from soundreasons.papers.music_deepfakes.testbed.decoders import (
    CODEC_STRIDES,
    HIFIGAN_STRIDES,
    available_decoders,
)
from soundreasons.papers.music_deepfakes.testbed.generator import generate, learn_chain
from soundreasons.papers.music_deepfakes.testbed.manipulations import MANIPULATIONS, manipulate
from soundreasons.papers.music_deepfakes.testbed.stacks import stack_output, untrained_stack
from soundreasons.papers.music_deepfakes.testbed.twins import Plan, Twins, export, make_twins
