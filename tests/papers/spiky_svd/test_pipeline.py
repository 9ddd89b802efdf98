"""Data sets, pipeline and experiments, on four known tastes and on the published tables."""

import numpy as np
import pandas as pd
import pytest

from soundreasons import data
from soundreasons.papers.spiky_svd import (
    DATA_SETS,
    associate,
    available,
    companions,
    embed,
    fit_errors,
    from_pairs,
    interactions,
    kept_pairs,
    largest_spikes,
    null_cloud,
    opened,
    placed,
    placed_spikiness,
    published_spectra,
    published_table,
    spectra,
    spike_ratios,
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


def test_items_without_a_pair_are_dropped_and_counted():
    table = from_pairs("t", "k", ["a", "a", "b", "b", "c", "d"], [0, 1, 0, 1, 2, 3])
    association = associate(table)
    assert association.item_names.tolist() == ["a", "b"]
    assert (association.n_items, association.n_pairs, association.n_dropped) == (2, 1, 2)
    assert association.kept.tolist() == [0, 1]


def test_items_unseen_so_far_are_dropped_but_keep_their_number():
    table = from_pairs("t", "k", ["a", "b", "b", "c", "c", "z"], [9, 0, 1, 0, 1, 5])
    association = associate(table, table.item != 0)
    assert association.kept.tolist() == [1, 2]


def test_choosing_nothing_is_refused():
    table = from_pairs("t", "k", ["a", "b"], [0, 0])
    with pytest.raises(ValueError, match="no pair of t is chosen"):
        associate(table, np.zeros(2, dtype=bool))


def test_items_out_of_reach_of_the_leading_vectors_have_no_position():
    # Two separate pairs; one leading dimension sees the stronger pair only.
    ties = np.array([[0, 2, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0.0]])
    embedding = embed(ties, 4, 0)
    rows = placed(embedding, dimensions=2)
    found = placed_spikiness(embedding, dimensions=2)
    assert rows.tolist() == [0, 1]
    assert found.n_items == 2
    assert set(found.peaks) <= set(rows)
    assert placed_spikiness(embedding, dimensions=4).n_items == 4


def test_every_taste_is_a_spike(taste_space):
    # By construction the tastes never meet: four communities, four directions.
    association, embedding = taste_space
    table = largest_spikes(association, embedding, dimensions=4, n_spikes=4, n_members=20)
    for row in table.itertuples():
        taste = row.head[:7]
        assert all(name.startswith(taste) for name in row.members.split(", ") if name)
    assert len(placed_spikiness(embedding, dimensions=4, coverage=0.7).peaks) <= 4


def test_companions_share_the_taste(taste_space):
    association, embedding = taste_space
    name = str(association.item_names[0])
    row = companions(association, embedding, [name], dimensions=4).iloc[0]
    assert row["head"].startswith(name[:7])
    assert all(other.startswith(name[:7]) for other in row["companions"].split(", "))
    assert name not in row["companions"].split(", ")
    with pytest.raises(ValueError, match="no item is called 'Can'"):
        companions(association, embedding, ["Can"], dimensions=4)


def test_spikes_explain_tastes_and_exchanged_members_do_not(taste_space):
    association, embedding = taste_space
    errors = fit_errors(association, embedding, np.random.default_rng(0), dimensions=4)
    assert errors["spikes"] < 0.5 < errors["random"]
    assert errors["n_items"] <= association.n_items


@pytest.mark.parametrize("null", ["gaussian", "rewired", "signflip"])
def test_nulls_follow_their_seed(taste_space, null):
    association, _ = taste_space
    first, second, other = (null_cloud(association, null, 8, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, second)
    assert not np.allclose(np.abs(first), np.abs(other))


def test_at_most_the_wanted_number_of_items_is_kept_and_peaks_are_rows_of_the_whole():
    # Four communities of 50 on the axes; any 40 items need two or three spikes for more than half.
    embedding = np.repeat(np.eye(4), 50, axis=0)
    spikes = placed_spikiness(embedding, dimensions=4, max_items=40, seed=1)
    assert spikes.n_items == 40
    assert len(spikes.peaks) in (2, 3)
    assert len(set(spikes.peaks // 50)) == len(spikes.peaks)


def test_an_unknown_null_is_refused(taste_space):
    with pytest.raises(ValueError, match="null is 'shuffled', expected one of gaussian, rewired, signflip"):
        null_cloud(taste_space[0], "shuffled", 8, 0)


def test_ratios_are_laid_out_by_seed_and_dimension(taste_space):
    _, embedding = taste_space
    table = spike_ratios([embedding, 2 * embedding], [2, 4])
    assert table.shape == (2, 2)
    assert table.iloc[0].tolist() == table.iloc[1].tolist()  # scale changes nothing


def test_spectra_are_the_norms_of_columns(taste_space):
    association, embedding = taste_space
    # Independent: numpy's dense SVD.
    expected = np.linalg.svd(association.matrix.toarray(), compute_uv=False)[:4]
    assert spectra({"tastes": embedding})["tastes"].to_numpy() == pytest.approx(expected, rel=1e-6)


def test_opened_says_what_is_not_here(monkeypatch, tastes):
    from soundreasons.papers.spiky_svd import experiments

    monkeypatch.setattr(experiments, "available", lambda name: name == "movielens_2016")
    monkeypatch.setattr(experiments, "interactions", lambda name: tastes)
    found, missing = opened(["hetrec_lastfm", "movielens_2016"])
    assert list(found) == ["movielens_2016"]
    assert missing == ["hetrec_lastfm"]


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


def test_pairs_kept_on_tagging_are_exactly_those_of_the_authors_query(published):
    # The authors' query run on this table kept 375,154 pairs of 9,746 items; no item is at the cap.
    association = associate(published("hetrec_tags"))
    assert (association.n_pairs, association.n_items) == (375_154, 9_746)


def test_pairs_kept_on_listening_differ_from_the_authors_query_by_ties_only(published):
    # Their query kept 214,813 pairs of 6,584 items, with equal counts at the cap in no fixed order.
    table = published("hetrec_lastfm")
    association = associate(table)
    bounds = kept_pairs(table.incidence())
    assert bounds.certain <= 214_813 <= bounds.possible
    assert association.n_pairs == pytest.approx(214_813, abs=bounds.possible - bounds.certain)
    assert bounds.certain_items <= 6_584 <= bounds.possible_items


def test_without_a_cap_ties_do_not_matter(published):
    table = published("hetrec_tags")
    bounds = kept_pairs(table.incidence())
    assert bounds.certain == bounds.possible == associate(table).n_pairs


def test_tables_hold_plain_text_for_the_page(taste_space):
    association, embedding = taste_space
    frame = largest_spikes(association, embedding, dimensions=4)
    assert isinstance(frame, pd.DataFrame)
    assert frame["items"].sum() <= association.n_items


def test_no_data_set_at_all_is_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr("soundreasons.papers.spiky_svd.experiments.available", lambda name: False)
    with pytest.raises(data.DataUnavailable, match=r"hetrec_lastfm\); get one with `soundreasons data fetch"):
        opened(["hetrec_lastfm"])


@pytest.mark.parametrize("cloud", [np.zeros((4, 3)), np.full((4, 3), np.nan)])
def test_a_cloud_without_any_position_is_refused_with_its_own_size(cloud):
    with pytest.raises(ValueError, match="none of the 4 rows of embedding has a position"):
        placed_spikiness(cloud)
