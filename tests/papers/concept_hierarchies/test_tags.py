"""Tags, and the orders that people made of them, on tables made by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from soundreasons.papers.concept_hierarchies import method
from soundreasons.papers.concept_hierarchies.data import absent, concepts, orders, tags

RECORDS = {
    "discogs_styles": SimpleNamespace(
        styles=pd.DataFrame({"genre": ["Rock", "Electronic"], "style": ["Punk", "Techno"]})
    ),
    "jamendo_genre_parents": SimpleNamespace(
        parents=pd.DataFrame({"tag": ["synthpop"], "parent": ["Electronic|Pop"]})
    ),
    "genre_names": SimpleNamespace(
        tree=pd.DataFrame(
            {"parent": ["", "rock", "punk", ""], "genre": ["rock", "punk", "hardcore punk", "jazz"]}
        )
    ),
    "audioset_ontology": SimpleNamespace(
        classes=pd.DataFrame(
            {
                "class_id": ["m", "i", "s", "v", "w"],
                "label": ["Music", "Musical instrument", "Strings", "Violin, fiddle", "Wind"],
            }
        ),
        children=pd.DataFrame({"parent": ["m", "i", "i", "s"], "child": ["i", "s", "w", "v"]}),
    ),
    "wordnet": SimpleNamespace(
        synsets=pd.DataFrame(
            {
                "synset_id": ["n1", "n2", "n3", "v9"],
                "words": ["musical_instrument", "wind_instrument|wind", "pan_pipe", "play"],
            }
        ),
        relations=pd.DataFrame({"relation": "hypernym", "parent": ["n1", "n2"], "child": ["n2", "n3"]}),
    ),
    "magnatagatune_labels": SimpleNamespace(
        taggings=pd.DataFrame({"clip": [1, 1, 2, 2, 3], "tag": ["a", "b", "a", "b", "c"]})
    ),
}


@pytest.fixture
def by_hand(monkeypatch):
    for module in (orders, tags):
        monkeypatch.setattr(module.data, "open", RECORDS.__getitem__)
    for cached in (orders.wordnet_branches, tags.magnatagatune_tags):
        cached.cache_clear()
    yield
    for cached in (orders.wordnet_branches, tags.magnatagatune_tags):
        cached.cache_clear()


def test_discogs_sorts_styles_by_genre_and_jamendos_own_tags_by_their_parents(by_hand):
    assert orders.discogs_branches() == {
        "punk": {"Rock"}, "rock": {"Rock"}, "techno": {"Electronic"}, "electronic": {"Electronic"},
        "synthpop": {"Electronic", "Pop"},
    }  # fmt: skip


def test_a_branch_of_beets_holds_all_below_a_root(by_hand):
    assert orders.beets_branches() == {
        "rock": {"rock"}, "punk": {"rock"}, "hardcorepunk": {"rock"}, "jazz": {"jazz"},
    }  # fmt: skip


def test_audiosets_classes_are_known_by_each_of_their_words(by_hand):
    found = orders.audioset_branches("Musical instrument")
    assert found["violin"] == found["fiddle"] == {"Strings"}
    assert found["wind"] == {"Wind"}
    assert "music" not in found


def test_wordnets_branches_are_taken_one_step_below_the_top(by_hand):
    found = orders.wordnet_branches()
    assert found == {
        "windinstrument": {"wind_instrument"},
        "wind": {"wind_instrument"},
        "panpipe": {"wind_instrument"},
    }


def test_rare_tags_are_left_out(by_hand):
    assert tags.magnatagatune_tags(fewest=2).names == ("a", "b")
    assert tags.magnatagatune_tags(fewest=2).labels.tolist() == [[True, True], [True, True], [False, False]]


def test_an_order_knows_what_it_reads_and_an_unknown_one_is_refused(monkeypatch):
    assert orders.order("jamendo_instrument.wordnet").needs == ("jamendo_tags", "wordnet")
    with pytest.raises(ValueError, match=r"order is 'wikipedia', expected one of jamendo_genre\.discogs"):
        orders.order("wikipedia")
    here = {"published_concepts", "word_vectors", "game_music_embeddings", "gtzan_features", "jamendo_tags"}
    monkeypatch.setattr(absent.data, "available", here.__contains__)
    asked = absent.missing_data(["jamendo_instrument.wordnet"])
    assert asked == ["every_noise_map", "cc_music_tracks", "sonic_pi_samples", "wordnet"]
    assert "sonic_pi_samples" not in absent.missing_data([], samples=False)


def test_concepts_that_too_few_tracks_have_or_lack_are_left_out_by_name():
    labels = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [1, 0, 1]], dtype=bool)
    nowhere = np.full(3, method.NOWHERE)
    given = concepts.ConceptSet(("all", "half", "one"), ("k",) * 3, labels, nowhere, np.array([1, -1, 1]))
    kept = concepts.enough(given, 2)
    assert (kept.names, kept.dropped) == (("half",), ("all", "one"))
    with pytest.raises(method.TooFew, match=r"no concept has 3 tracks .*'half', has 2 of 4"):
        concepts.enough(given, 3)
    # A true parent that is not kept is nowhere; one that is kept has its new number.
    assert given.chosen(np.array([1, 2])).true_parent.tolist() == [method.NOWHERE, 0]
    assert given.chosen(np.array([0, 2])).true_parent.tolist() == [method.NOWHERE, method.NOWHERE]
