"""The paper, definition by definition, in its order.

1. `front_ends`: what a detector sees of a snippet (eq-views), `features`; `front_end` for one signal.
2. `detectors`: the two networks, `SpectrogramDetector` and `WaveformDetector`, of six `block`s.
   (`fast` has the same two in the form that experiments train.)
3. `objective`: which file comes next, `alternating_files`; what a mistake costs (eq-loss), `detector_loss`.
4. `combs`: where upsampling must leave lines (prop-comb), `comb_frequencies`; how high, `line_heights`.
5. `fakeprints`: what stands out of the mean spectrum (eq-fakeprint), `fakeprint`.
"""

from soundreasons.papers.music_deepfakes.method.combs import comb_frequencies, line_heights, mean_level
from soundreasons.papers.music_deepfakes.method.detectors import (
    Detector,
    Outputs,
    SpectrogramDetector,
    WaveformDetector,
    block,
)
from soundreasons.papers.music_deepfakes.method.fakeprints import (
    fakeprint,
    lower_envelope,
    mean_spectrum,
    print_classifier,
    print_frequencies,
)
from soundreasons.papers.music_deepfakes.method.front_ends import (
    KINDS,
    SAMPLE_RATE,
    SNIPPET,
    features,
    front_end,
    spectrogram,
)
from soundreasons.papers.music_deepfakes.method.objective import alternating_files, detector_loss, is_silent
