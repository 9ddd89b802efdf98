"""Words about music: what kind of descriptor a phrase is, and other words for the same thing.

Both tables are ours, made by hand before any run, from everyday words: rough, and open to correction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

TYPES = ("voice", "instrument", "tempo", "recording", "mood", "genre", "use", "other")

# The first type one of whose words stands in a descriptor is its type.
_WORDS: dict[str, str] = {
    "voice": (
        "voice voices vocal vocals vocalist vocalists singer singing sings sung choir chorus rap "
        "rapping rapper harmonies humming speech spoken talking woman female male beatbox "
        "vocalisation whistling"
    ),
    "instrument": (
        "guitar guitars bass drum drums drumming piano keyboard keyboards keys synth synths "
        "synthesizer strings string violin violins cello viola fiddle flute trumpet trombone "
        "saxophone sax horn horns brass organ harp harpsichord banjo mandolin ukulele sitar tabla "
        "accordion harmonica clarinet oboe percussion percussive cymbal cymbals hat hats kick snare "
        "bongo congas tambourine shaker marimba xylophone bells bell orchestra orchestral pad pads "
        "lead arpeggio chords riff solo instrumental acapella 808 e-bass e-guitar e-piano clap claps "
        "snaps strumming plucked"
    ),
    "tempo": ("tempo bpm slow fast uptempo midtempo steady rhythm rhythmic beat beats groove groovy pace"),
    "recording": (
        "quality recording recorded lo-fi lofi noise noisy mono stereo reverb echo distorted "
        "distortion live crowd ambient-noise hiss crackle amateur audio sound sounds effects poor low"
    ),
    "mood": (
        "sad happy melancholic melancholy mellow emotional passionate energetic upbeat uplifting "
        "relaxing calm calming peaceful soothing soft gentle dreamy dark eerie ominous suspenseful "
        "tense mysterious romantic sexy sensual joyful cheerful fun funny playful aggressive angry "
        "intense heavy loud quiet nostalgic epic heroic dramatic haunting spiritual meditative "
        "hypnotic chill chillout beautiful weird easygoing warm bright catchy exciting vibrant lively "
        "spooky cool soulful sentimental hopeful inspiring powerful"
    ),
    "genre": (
        "rock pop metal punk jazz blues soul funk disco house techno trance electronic electronica "
        "edm dance ambient folk country classical baroque opera hip-hop hiphop trap reggae ska dub "
        "latin salsa samba bossa flamenco gospel rnb r&b indie alternative soundtrack march waltz "
        "ballad celtic indian arabic african asian dubstep drum'n'bass bluegrass swing new-age "
        "experimental world medley oldies"
    ),
    "use": (
        "movie film game advertisement commercial club party lullaby workout background sleep church "
        "wedding meditation yoga restaurant dancing christmas children tutorial lesson"
    ),
}
_TYPE_OF = {word: kind for kind in TYPES[:-1] for word in _WORDS[kind].split()}

SYNONYMS: dict[str, str] = {
    "sad": "sorrowful", "happy": "joyous", "melancholic": "wistful", "melancholy": "wistfulness",
    "emotional": "heartfelt", "passionate": "ardent", "energetic": "high-powered", "upbeat": "buoyant",
    "uplifting": "heartening", "relaxing": "restful", "calm": "tranquil", "calming": "soothing",
    "peaceful": "serene", "soothing": "comforting", "soft": "gentle", "gentle": "tender",
    "dreamy": "otherworldly", "dark": "gloomy", "eerie": "uncanny", "ominous": "menacing",
    "suspenseful": "nerve-racking", "mysterious": "enigmatic", "romantic": "amorous", "joyful": "gleeful",
    "cheerful": "merry", "fun": "amusing", "playful": "frolicsome", "aggressive": "fierce",
    "intense": "extreme", "heavy": "weighty", "loud": "blaring", "quiet": "hushed",
    "nostalgic": "longing", "epic": "grandiose", "dramatic": "theatrical", "haunting": "unforgettable",
    "spiritual": "devotional", "hypnotic": "mesmerising", "chill": "laid-back", "beautiful": "gorgeous",
    "weird": "strange", "catchy": "memorable", "exciting": "thrilling", "vibrant": "colourful",
    "lively": "spirited", "warm": "cosy", "bright": "brilliant", "powerful": "forceful",
    "slow": "unhurried", "fast": "quick", "steady": "constant", "simple": "plain",
    "repetitive": "recurring", "tempo": "speed", "medium": "moderate", "groovy": "funky",
    "rhythm": "pulse", "beat": "pulse", "beats": "pulses", "vocal": "voice", "vocals": "voices",
    "vocalist": "singer", "singer": "vocalist", "singing": "vocalising", "female": "woman's",
    "male": "man's", "choir": "chorus", "melody": "tune", "melodic": "tuneful", "harmony": "chords",
    "harmonies": "chords", "instrumental": "wordless", "guitar": "six-string", "piano": "pianoforte",
    "drums": "drum kit", "drum": "tom-tom", "violin": "fiddle", "fiddle": "violin",
    "strings": "bowed instruments", "keyboard": "keys", "synth": "synthesizer", "synthesizer": "synth",
    "bass": "low-end", "flute": "recorder", "trumpet": "bugle", "saxophone": "sax", "organ": "harmonium",
    "percussion": "hand drums", "acoustic": "unplugged", "electric": "amplified",
    "digital": "computerised", "electronic": "synthetic", "ambient": "atmospheric", "rock": "rock'n'roll",
    "pop": "chart music", "jazz": "swing", "folk": "traditional", "classical": "symphonic",
    "dance": "club", "song": "track", "music": "tunes", "recording": "take", "quality": "fidelity",
    "low": "poor", "poor": "bad", "noise": "hiss", "live": "in concert", "amateur": "home-made",
    "ballad": "love song", "traditional": "age-old", "movie": "film", "game": "videogame",
    "solo": "unaccompanied", "background": "backdrop", "deep": "low-pitched", "crowd": "audience",
    "wide": "broad", "fast-paced": "rapid", "children": "kids", "church": "chapel",
}  # fmt: skip

_WORD = re.compile(r"[A-Za-z0-9&'-]+")


def descriptor_type(descriptor: str) -> str:
    """Say what a descriptor is about, by its words.

    Chapter: song_descriptors.

    Returns
    -------
    str
        One of `TYPES`.

    Examples
    --------
    >>> [descriptor_type(d) for d in ("soft female vocal", "low quality", "wooden")]
    ['voice', 'recording', 'other']
    """
    kinds = {_TYPE_OF[word] for word in split_words(descriptor) if word in _TYPE_OF}
    return next((kind for kind in TYPES if kind in kinds), "other")


def words_of(texts: Iterable[str]) -> set[str]:
    """Return the distinct words of texts, lower case.

    Chapter: song_descriptors.

    >>> sorted(words_of(["Sad piano", "piano solo"]))
    ['piano', 'sad', 'solo']
    """
    return {word for text in texts for word in split_words(text)}


def split_words(text: str) -> list[str]:
    """Words of a text in order, lower case.

    Chapter: song_descriptors.

    >>> split_words("R&B, lo-fi")
    ['r&b', 'lo-fi']
    """
    return [word.lower() for word in _WORD.findall(text)]


def overlap(query: str, document: str) -> float:
    """Share of a descriptor set's words that stand in the query; 0 for the empty set.

    The paper reports a lexical overlap without its formula; this one is ours. Chapter: song_descriptors.

    >>> overlap("a sad song", "sad, piano")
    0.5
    """
    wanted = words_of([document])
    return len(wanted & words_of([query])) / len(wanted) if wanted else 0.0


def in_other_words(query: str, descriptors: Sequence[str]) -> tuple[str, int, int]:
    """Say the words that a query shares with descriptors in other words, where we know one.

    Chapter: song_descriptors.

    Parameters
    ----------
    query : str
        A request.
    descriptors : sequence of str
        Those that should be found.

    Returns
    -------
    (str, int, int)
        The new query, how many shared words were replaced, and how many there were.

    Examples
    --------
    >>> in_other_words("A sad song with a kazoo", ["sad", "kazoo"])
    ('A sorrowful song with a kazoo', 1, 2)
    """
    shared = words_of(descriptors) & words_of([query])
    replaced = 0

    def other(match: re.Match[str]) -> str:
        nonlocal replaced
        word = match.group().lower()
        if word in shared and word in SYNONYMS:
            replaced += 1
            return SYNONYMS[word]
        return match.group()

    n_shared = sum(word in shared for word in split_words(query))
    return _WORD.sub(other, query), replaced, n_shared
