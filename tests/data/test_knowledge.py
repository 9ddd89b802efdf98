"""The knowledge graph of artists: on a tiny file, and on the real one where it is."""

import pytest

from soundreasons.data.errors import DataError
from soundreasons.data.files import Folder
from soundreasons.data.readers import knowledge


def folder(tmp_path, facts, links):
    (tmp_path / "kg.txt").write_text(facts)
    (tmp_path / "item_index2entity_id.txt").write_text(links)
    return Folder("tiny", {path.name: path for path in tmp_path.iterdir()})


def test_facts_and_links_are_read(tmp_path):
    record = knowledge.read_graph(folder(tmp_path, "4\tmusic.artist.origin\t9\n", "51\t4\n52\t5\n"))
    assert record.facts.values.tolist() == [[4, "music.artist.origin", 9]]
    assert record.artists.values.tolist() == [[51, 4], [52, 5]]


@pytest.mark.parametrize("facts", ["", "4 music.artist.origin 9\n"])
def test_a_file_without_three_cells_is_refused(tmp_path, facts):
    with pytest.raises(DataError, match=r"kg\.txt begins with .* expected 3 cells: head, relation, tail"):
        knowledge.read_graph(folder(tmp_path, facts, "51\t4\n"))


def test_the_graph_is_as_its_readme_says(real):
    record = real("lastfm_knowledge_graph")
    assert len(record.facts) == 15_518
    assert record.facts["relation"].nunique() == 60
    assert (record.facts["relation"] == "music.artist.origin").sum() == 2_536
    assert len(record.artists) == record.artists["artist_id"].nunique() == 3_846
