"""Readers: on tiny files of the publisher's layout, and on the real data where it is."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle

import numpy as np
import pandas as pd
import pytest

from soundreasons.data.canonical import table_digest
from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder, text_lines
from soundreasons.data.readers import columns, lastfm, movielens, pickles, playlists, wordnet


def converted(convert, raw, target, read):
    target.mkdir(exist_ok=True)
    convert(raw, target)
    return read(Folder("tiny", {path.name: path for path in target.iterdir()}))


# -- MovieLens --------------------------------------------------------------------------------------

MOVIELENS = {
    "ratings.csv": (
        "userId,movieId,rating,timestamp\r\n1,10,4.0,964982703\r\n1,20,0.5,964981247\r\n2,10,5.0,3\r\n"
    ),
    "movies.csv": (
        "movieId,title,genres\r\n"
        '10,"City of Lost Children, The (1995)",Adventure|Drama\r\n'
        "20,Babylon 5,(no genres listed)\r\n"
        "30,2001: A Space Odyssey (1968) ,Sci-Fi\r\n"
    ),
    "tags.csv": 'userId,movieId,tag,timestamp\r\n2,10,NA,1445714994\r\n2,10,"a ""quoted"" tag",1\r\n',
}


@pytest.fixture
def movielens_files(tmp_path):
    folder = tmp_path / "ml"
    folder.mkdir()
    for name, content in MOVIELENS.items():
        (folder / name).write_bytes(content.encode())
    return {name: folder / name for name in MOVIELENS}


def test_movielens_in_the_publishers_layout(movielens_files):
    record = movielens.read_csv(Folder("tiny", movielens_files))
    assert record.ratings.values.tolist() == [[1, 10, 4, 964982703], [1, 20, 0.5, 964981247], [2, 10, 5, 3]]
    assert record.movies["title"].tolist() == [
        "City of Lost Children, The", "Babylon 5", "2001: A Space Odyssey",
    ]  # fmt: skip
    assert record.movies["year"].isna().tolist() == [False, True, False]
    assert record.movies["year"].dropna().tolist() == [1995, 1968]
    assert record.tags["tag"].tolist() == ["NA", 'a "quoted" tag']


def test_a_large_movielens_is_converted_in_parts_without_loss(movielens_files, tmp_path, monkeypatch):
    monkeypatch.setattr(movielens, "ROWS_AT_A_TIME", 2)
    small = movielens.read_csv(Folder("tiny", movielens_files))
    large = converted(movielens.convert_csv, movielens_files, tmp_path / "new", movielens.read_parquet)
    for table in ("ratings", "movies", "tags"):
        assert table_digest(getattr(large, table)) == table_digest(getattr(small, table))
    assert large.ratings["rating"].dtype == np.float32


def test_a_movielens_with_a_broken_rating_is_refused(movielens_files, tmp_path):
    movielens_files["ratings.csv"].write_text("userId,movieId,rating,timestamp\n1,10,many,3\n")
    with pytest.raises(ValueError, match="many"):
        converted(movielens.convert_csv, movielens_files, tmp_path / "new", movielens.read_parquet)


def test_movielens_2016_is_the_edition_of_that_autumn(real):
    # Counts of the publisher's readme for the edition of October 2016; its last rating of that month.
    record = real("movielens_2016")
    assert record.ratings["user_id"].nunique() == 671
    assert record.ratings["movie_id"].nunique() == 9_066
    assert set(record.ratings["movie_id"]) == set(record.movies["movie_id"])
    assert str(pd.Timestamp(record.ratings["timestamp"].max(), unit="s").date()) == "2016-10-16"
    assert sorted(record.ratings["rating"].unique()) == [k / 2 for k in range(1, 11)]
    titles = record.movies.set_index("movie_id")["title"]
    assert titles[1] == "Toy Story"
    assert len(record.tags) == 0


def test_movielens_2018_is_the_edition_of_that_september(real):
    record = real("movielens_2018")
    assert record.ratings["user_id"].nunique() == 610
    assert record.ratings["movie_id"].nunique() == 9_724
    assert not record.ratings.duplicated(["user_id", "movie_id"]).any()
    assert record.movies.set_index("movie_id").loc[1, ["title", "year"]].tolist() == ["Toy Story", 1995]


# -- Last.fm ----------------------------------------------------------------------------------------


def test_hetrec_is_as_its_readme_says(real):
    # Users, artists, tags and contexts as in the publisher's readme and the paper's companion counts.
    record = real("hetrec_lastfm")
    assert record.listens["user_id"].nunique() == 1_892
    assert record.listens["artist_id"].nunique() == 17_632
    assert set(record.listens["artist_id"]) == set(record.artists["artist_id"])
    assert record.taggings["artist_id"].nunique() == 12_523
    assert len(record.taggings[["user_id", "tag_id"]].drop_duplicates()) == 35_816
    pairs = set(record.friends.itertuples(index=False, name=None))
    assert pairs == {(b, a) for a, b in pairs}, "friendship goes both ways"
    assert record.artists.set_index("artist_id").loc[51, "artist"] == "Duran Duran"


def test_hetrec_with_too_few_columns_is_refused(tmp_path):
    (tmp_path / "user_artists.dat").write_text("2\t51\n")
    with pytest.raises(DataError, match=r"user_artists\.dat begins with \['2', '51'\], expected 3 cells"):
        lastfm.read_hetrec(Folder("x", {"user_artists.dat": tmp_path / "user_artists.dat"}))


LINES_360K = (
    "aa\tm1\tthe first\t10\n"
    "aa\t\tno number\t7\n"
    "bb\tm1\tThe First\t3\n"
    "bb\t\tno number\t1\n"
    "bb\tm2\tname\twith a tab\t2\n"
)


def test_lastfm_360k_in_the_publishers_layout(tmp_path, monkeypatch):
    monkeypatch.setattr(columns, "ROWS_AT_A_TIME", 2)
    (tmp_path / "plays.tsv").write_text(LINES_360K)
    raw = {"plays.tsv": tmp_path / "plays.tsv"}
    record = converted(lastfm.convert_360k, raw, tmp_path / "new", lastfm.read_360k)
    assert record.plays.values.tolist() == [[0, 0, 10], [0, 1, 7], [1, 0, 3], [1, 1, 1], [1, 2, 2]]
    assert record.artists.values.tolist() == [
        [0, "m1", "the first"], [1, "", "no number"], [2, "m2", "name\twith a tab"],
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["aa\tm1\tname", "aa\tm1\tname\tmany", "\tm1\tname\t3", ""])
def test_a_broken_line_of_lastfm_360k_is_told_by_number(tmp_path, line):
    (tmp_path / "plays.tsv").write_text(LINES_360K + line + "\n")
    with pytest.raises(DataError, match="line 6 is"):
        converted(
            lastfm.convert_360k, {"plays.tsv": tmp_path / "plays.tsv"}, tmp_path / "new", lastfm.read_360k
        )


# -- playlists --------------------------------------------------------------------------------------


def test_aotm2003_is_as_published(real):
    # Distinct pairs and songs as reported for the published file.
    pairs = real("aotm2003").pairs
    assert len(pairs.drop_duplicates()) == 64_566
    counts = pd.concat([pairs["first"], pairs["second"]]).value_counts()
    assert len(counts) == 26_752
    assert pairs["first"].str.fullmatch("TR[A-Z0-9]{16}").all()


AOTM = [
    {
        "category": "Depression",
        "mix_id": 77,
        "timestamp": "2005-05-05T00:00:00",
        "user": {"name": "somebody"},
        "playlist": [
            [["artist a", "title a"], "SOA"],
            [["b", "unmatched"], None],
            [["c", "title ç"], [1, "SOC"]],
        ],
        "filtered_lists": [["SOA"], ["SOC", "SOA"]],
    },
    {"category": "Road Trip", "mix_id": 78, "playlist": [], "filtered_lists": [["SOX", "SOC"]]},
    {"category": "Empty", "mix_id": 79, "playlist": [], "filtered_lists": []},
]


@pytest.mark.parametrize("packed", [False, True])
def test_aotm2011_in_the_publishers_layout(tmp_path, packed):
    content = json.dumps(AOTM, ensure_ascii=False).encode()
    place = tmp_path / "aotm2011_playlists.json"
    place.write_bytes(gzip.compress(content) if packed else content)
    raw = {place.name: place}
    record = converted(playlists.convert_art_of_the_mix, raw, tmp_path / "new", playlists.read_parquet)
    assert record.entries.values.tolist() == [[77, 0, 0], [77, 1, 1], [77, 2, 0], [78, 0, 2], [78, 1, 1]]
    assert record.items["key"].tolist() == ["SOA", "SOC", "SOX"]
    assert record.items["title"].tolist()[:2] == ["title a", "title ç"]
    assert record.items["title"].isna().tolist() == [False, False, True]
    assert record.playlists.values.tolist() == [[77, "Depression"], [78, "Road Trip"], [79, "Empty"]]


def test_radio_playlists_in_the_publishers_layout(tmp_path):
    (tmp_path / "train.txt").write_text("0 1 2 3 \n9 8 7 6 \n1 2 1 \n3 \n\n")
    (tmp_path / "test.txt").write_text("0 1 2 3 \n9 8 7 6 \n2 9 \n")
    (tmp_path / "song_hash.txt").write_text("0 \tNobody\tX\n1 \tOne\tU2\n2 \tTwo's\tY\n3 \tThree\n")
    raw = {name: tmp_path / name for name in ("train.txt", "test.txt", "song_hash.txt")}
    record = converted(playlists.convert_radio, raw, tmp_path / "new", playlists.read_parquet)
    names = record.items.set_index("key")
    assert record.entries["playlist_id"].tolist() == [0, 0, 0, 1, 2, 2]
    assert record.items.set_index("item_id").loc[record.entries["item_id"], "key"].tolist() == list("121329")
    assert names.loc["1", ["title", "artist"]].tolist() == ["One", "U2"]
    assert names.loc["3", ["title", "artist"]].tolist() == ["Three", ""]
    assert names.loc["9"].isna()[["title", "artist"]].all()
    assert record.playlists["label"].tolist() == ["train", "train", "test"]


def mpd_slice(first, playlists_):
    tracks = lambda names: [  # noqa: E731
        {"pos": k, "track_uri": f"spotify:track:{n}", "track_name": n.upper(), "artist_name": f"by {n}"}
        for k, n in enumerate(names)
    ]
    content = [
        {"pid": first + k, "name": f"list {first + k}", "tracks": tracks(p)} for k, p in enumerate(playlists_)
    ]
    return json.dumps({"info": {"slice": f"{first}"}, "playlists": content})


def test_million_playlists_in_the_publishers_layout(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    # By name, 10000 comes before 2000; by number it comes after.
    (folder / "mpd.slice.10000-10999.json").write_text(mpd_slice(10_000, ["ca"]))
    (folder / "mpd.slice.2000-2999.json").write_text(mpd_slice(2_000, ["ab", "b"]))
    record = converted(playlists.convert_million, {"data": folder}, tmp_path / "new", playlists.read_parquet)
    assert record.entries.values.tolist() == [
        [2000, 0, 0], [2000, 1, 1], [2001, 0, 1], [10000, 0, 2], [10000, 1, 0],
    ]  # fmt: skip
    assert record.items.values.tolist()[2] == [2, "spotify:track:c", "C", "by c"]
    assert record.playlists["label"].tolist() == ["list 2000", "list 2001", "list 10000"]


def test_a_folder_without_slices_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"holds no file like mpd\.slice\.0-999\.json"):
        converted(playlists.convert_million, {"data": tmp_path}, tmp_path / "new", playlists.read_parquet)


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1000])
def test_a_json_list_is_read_item_by_item_whatever_the_chunks(monkeypatch, chunk):
    monkeypatch.setattr(playlists, "_CHUNK", chunk)
    content = [{"a": ["]", "[", "\\", '"', "é"]}, 12345, -1.5e10, None, [], "x, y", {}]
    text = json.dumps(content, ensure_ascii=False, indent=2).encode()
    assert list(playlists.json_items(io.BytesIO(text))) == content
    assert list(playlists.json_items(io.BytesIO(b"[ ] "))) == []


@pytest.mark.parametrize("text", [b'[{"a": 1}, {"b"', b"[1, 2", b"", b'{"a": 1}'])
def test_a_json_list_that_breaks_off_is_refused(text):
    with pytest.raises(DataError, match=r"breaks off before its end|expected a JSON list"):
        list(playlists.json_items(io.BytesIO(text)))


# -- pickles ----------------------------------------------------------------------------------------


class Evil:
    """What a malicious pickle does: calls something on being read."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_calls_something_is_refused_before_it_does(tmp_path, protocol):
    target = tmp_path / "evil"
    for number, evil in enumerate([Evil(os.mkdir, str(target)), Evil(eval, f"open({str(target)!r}, 'w')")]):
        place = tmp_path / f"{number}.pkl"
        place.write_bytes(pickle.dumps([evil], protocol=protocol))
        with pytest.raises(
            DataError, match=r"the pickle asks for .*(mkdir|eval), which a table does not need"
        ):
            pickles.read_table(place)
    assert not target.exists()


def test_a_harmless_pickle_of_something_else_is_refused(tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(DataError, match="holds a list, expected a pandas DataFrame"):
        pickles.read_table(tmp_path / "a.pkl")


def test_a_cut_pickle_is_refused(tmp_path):
    content = gzip.compress(pickle.dumps(list(range(1000))))
    (tmp_path / "a.pkl").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="is no pickle of a table"):
        pickles.read_table(tmp_path / "a.pkl")


def test_numpy_functions_that_are_no_constructors_stay_out():
    assert not any(name in {"load", "save", "fromfile", "memmap"} for _, name in pickles.ALLOWED)
    assert {module.split(".")[0] for module, _ in pickles.ALLOWED} == {"pandas", "numpy", "builtins"}
    assert {name for module, name in pickles.ALLOWED if module == "builtins"} == {"slice"}


# -- WordNet, shipped tables, files -----------------------------------------------------------------

NOUNS = (
    "  1 This software is under a licence.  \n"
    "00001740 03 n 01 entity 0 001 ~ 00001930 n 0000 | what is; \"anything | at all\"  \n"
    "00001930 03 n 02 musical_instrument 0 instrument(a) 1 003 @ 00001740 n 0000 "
    "@i 00001740 n 0000 + 00694095 v 0101 | a device  \n"
)  # fmt: skip
VERBS = "00694095 29 v 0a " + " ".join(f"w{k} 0" for k in range(10)) + " 000 01 + 02 00 | to play  \n"


def test_wordnet_lines_are_parsed_as_the_manual_says(tmp_path):
    # wndb(5WN): the number of words is hexadecimal (0a is ten), that of pointers decimal.
    (tmp_path / "data.noun").write_text(NOUNS)
    (tmp_path / "data.verb").write_text(VERBS)
    paths = {name: tmp_path / name for name in ("data.noun", "data.verb")}
    record = wordnet.read_wordnet(Folder("wordnet", paths, version="3.0"))
    assert record.synsets["synset_id"].tolist() == ["n00001740", "n00001930", "v00694095"]
    assert record.synsets["words"].tolist()[1] == "musical_instrument|instrument"
    assert record.synsets["words"].tolist()[2].count("|") == 9
    assert record.synsets["gloss"].tolist()[0] == 'what is; "anything | at all"'
    assert record.relations.values.tolist() == [
        ["n00001930", "n00001740", "hypernym"], ["n00001930", "n00001740", "instance hypernym"],
    ]  # fmt: skip


def test_a_wordnet_line_that_is_cut_is_refused(tmp_path):
    (tmp_path / "data.noun").write_text("00001740 03 n 05 entity 0\n")
    with pytest.raises(DataError, match=r"data\.noun has a line that is no synset"):
        wordnet.read_wordnet(Folder("w", {"data.noun": tmp_path / "data.noun", "data.verb": tmp_path}))


def test_wordnet_has_the_size_its_manual_tells(real):
    # Synsets as in wnstats(7WN): 82,115 nouns and 13,767 verbs in 3.0; everything noun hangs from entity.
    record = real("wordnet")
    sizes = {"3.0": {"n": 82_115, "v": 13_767}, "3.1": {"n": 82_192, "v": 13_789}}
    assert record.synsets["synset_id"].str[0].value_counts().to_dict() == sizes[record.version]
    known = set(record.synsets["synset_id"])
    assert set(record.relations["parent"]) <= known
    nouns = record.synsets["synset_id"][record.synsets["synset_id"].str.startswith("n")]
    roots = set(nouns) - set(record.relations["child"])
    words = record.synsets.set_index("synset_id")["words"]
    assert [words[root] for root in roots] == ["entity"]


def test_mesonet_scores_give_the_published_accuracies(real):
    # Accuracy at 0.5 and AUC as reported for the released networks on these faces.
    scores = real("mesonet_validation_scores").scores
    is_real = (scores["label"] == "real").to_numpy()
    assert is_real.sum() == 4_259
    for network, accuracy in {"meso4": 0.876, "mesoinception": 0.886}.items():
        assert np.mean((scores[network] > 0.5) == is_real) == pytest.approx(accuracy, abs=5e-4)


def test_the_instrument_tree_is_the_standards(real):
    # General MIDI level 1: 16 families of 8 consecutive programs.
    programs = real("gm_programs").programs
    assert (programs["family_id"] == programs["program"] // 8).all()
    assert programs.groupby("family_id")["family"].nunique().tolist() == [1] * 16
    assert programs.loc[40, "program_name"] == "Violin"


def test_genre_parents_say_how_they_were_found(real):
    parents = real("jamendo_genre_parents").parents
    assert parents["relation"].value_counts().to_dict() == {"style": 36, "top": 9, "ambiguous": 7, "near": 2}
    assert (parents["parent"].str.contains("|", regex=False) == (parents["relation"] == "ambiguous")).all()


def test_embeddings_and_tracks_are_in_one_order(real):
    record = real("game_music_embeddings")
    assert record.embeddings.shape == (len(record.tracks), 29, 128)
    assert record.tracks["row"].tolist() == list(range(179))
    assert np.isfinite(record.embeddings).all()
    assert (record.tracks["duration_s"] > 40).all()


def test_mathjax_is_a_folder_with_what_the_site_needs(real):
    asset = real("mathjax")
    assert (asset.folder / "tex-mml-chtml.js").stat().st_size > 10**6
    assert {"LICENSE", "output/chtml/fonts/woff-v2/MathJax_Main-Regular.woff"} <= set(asset.files)
    assert all((asset.folder / file).is_file() for file in asset.files)


def test_files_that_do_not_share_a_folder_have_no_root(tmp_path):
    folder = Folder("x", {"a.js": tmp_path / "a.js", "d/b.js": tmp_path / "elsewhere" / "b.js"})
    with pytest.raises(DataError, match="do not share one folder"):
        _ = folder.root
    with pytest.raises(DataError, match=r"x has no file 'c\.js'; it has \['a\.js', 'd/b\.js'\]"):
        folder.path("c.js")


def test_a_cut_gzip_file_breaks_while_it_is_read(tmp_path):
    content = gzip.compress(b"line\n" * 10_000)
    (tmp_path / "a.gz").write_bytes(content[:-20])
    with pytest.raises(EOFError):
        list(text_lines(tmp_path / "a.gz"))
