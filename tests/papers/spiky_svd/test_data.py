"""Data sets as items and contexts, by hand and at their published sizes; what the paper reports."""

import numpy as np
import pytest

from soundreasons.papers.spiky_svd.data import (
    DATA_SETS,
    available,
    from_pairs,
    interactions,
    published_spectra,
    published_table,
)


def test_pairs_are_numbered_in_the_order_of_ids_and_repeats_count_once():
    table = from_pairs(
        "t", "k", [30, 10, 30, 30], ["b", "a", "b", "a"], names={10: "ten"}, times=[5, 7, 3, 9]
    )
    assert table.item_names.tolist() == ["ten", "30"]
    assert sorted(zip(table.item.tolist(), table.context.tolist(), table.time.tolist(), strict=True)) == [
        (0, 0, 7),
        (1, 0, 9),
        (1, 1, 3),  # of the repeated pair the earliest time
    ]
    assert table.incidence().toarray().tolist() == [[1, 0], [1, 1]]
    assert table.incidence(table.time < 8).toarray().tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("items", "contexts", "message"),
    [([], [], "has no pair of an item and a context"), ([1.0, np.nan], [1, 1], r"1 row\(s\) without item")],
)
def test_tables_without_pairs_are_refused(items, contexts, message):
    with pytest.raises(ValueError, match=message):
        from_pairs("mine", "k", items, contexts)


def test_an_unknown_data_set_is_refused_with_those_there_are():
    for function in (interactions, available):
        with pytest.raises(ValueError, match="data set is 'spotify', expected one of movielens_2016"):
            function("spotify")


def test_what_is_unknown_of_the_papers_table_says_so():
    table = published_table().set_index("data set")
    # From a third party's summary: 361 and 1,395 spikes; the other four rows are not known to us.
    assert table["peaks"].to_dict() == {
        "AotM-2011": "unknown",
        "Cornell": "unknown",
        "LastFM-360K": "unknown",
        "MovieLens-25M": "unknown",
        "Spotify": "1,395",
        "Deezer": "361",
    }
    assert table.loc["Deezer", "items"] == "1,438,603"


def test_published_spectra_fall_and_name_their_data_sets():
    spectra_shown = published_spectra()
    assert list(spectra_shown) == ["AotM-2011", "Cornell", "LastFM-360K"]
    for values in spectra_shown.values():
        assert values.index.tolist() == [1, 2, 3, 5, 10, 32, 64, 128]
        assert values.is_monotonic_decreasing


@pytest.mark.parametrize(
    ("name", "n_items", "n_contexts", "n_pairs"),
    [
        # Counts that the publishers' own notes give.
        ("hetrec_lastfm", 17_632, 1_892, 92_834),
        ("hetrec_tags", 12_523, 35_816, 186_479),
        ("movielens_2018", 9_724, 610, 100_836),
        ("movielens_2016", 9_066, 671, 100_004),
    ],
)
def test_published_tables_have_their_published_size(published, name, n_items, n_contexts, n_pairs):
    table = published(name)
    assert (table.n_items, table.n_contexts, len(table.item)) == (n_items, n_contexts, n_pairs)
    assert name in DATA_SETS


def test_titles_and_artists_are_shown_by_name(published):
    assert "Toy Story (1995)" in published("movielens_2016").item_names
    assert "Radiohead" in published("hetrec_lastfm").item_names


def test_song_runs_follow_the_rows_that_continue_each_other(published):
    table = published("aotm2003")
    # 26,752 songs: the publisher's count. A run of pairs a-b, b-c is one context of three songs.
    assert table.n_items == 26_752
    assert table.n_contexts < 66_250
