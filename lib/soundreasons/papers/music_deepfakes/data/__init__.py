"""What is read: music and who made it (`recordings`, `folder`), and what the papers report (`published`)."""

from soundreasons.papers.music_deepfakes.data.folder import FOLDER_OF_MUSIC
from soundreasons.papers.music_deepfakes.data.published import (
    counted_beforehand,
    published_transfer,
    published_views,
)
from soundreasons.papers.music_deepfakes.data.recordings import (
    Found,
    Track,
    clips_of,
    split_by_artist,
    tracks,
)
