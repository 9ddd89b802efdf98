"""What is read: pictures, faces found and followed in videos, folders of faces, released weights.

Chapter: mesonet.
"""

from soundreasons.papers.mesonet.data.faces import faces_of_video
from soundreasons.papers.mesonet.data.folders import require_faces
from soundreasons.papers.mesonet.data.published import claims_without, later_benchmarks
from soundreasons.papers.mesonet.data.weights import RELEASED, load_released_weights, released
