"""Our stand-in world: people and scenes (`people`), autoencoders (`autoencoder`), forgeries (`editing`), the
bench of clips (`bench`), whether a swap is a swap (`quality`), and forty photographed people (`portraits`).
Chapter: mesonet.
"""

from soundreasons.papers.mesonet.testbed.autoencoder import SwapTraining
from soundreasons.papers.mesonet.testbed.bench import Bench, BenchSettings
from soundreasons.papers.mesonet.testbed.people import present_cast
from soundreasons.papers.mesonet.testbed.portraits import PortraitBench, PortraitSettings, portrait_transfer
from soundreasons.papers.mesonet.testbed.quality import identity_transfer
