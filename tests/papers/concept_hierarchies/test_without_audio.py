"""The paper profile where its audio is absent, or of little use: the run ends, and says so."""

import jupytext
import matplotlib
import numpy as np
import pytest
import soundfile

from soundreasons import parameters, project, results, showing
from soundreasons.papers.concept_hierarchies.data import jamendo_audio as placed_audio
from soundreasons.papers.concept_hierarchies.data.tags import jamendo_taggings

RATE = 16_000
TINY = {
    "n_seeds": 1, "n_clips": 120, "min_positives": 10, "epochs": 1, "patience": 1, "n_random": 10,
    "layers": False, "samples": False, "orders": ["jamendo_genre.beets"], "device": "cpu",
}  # fmt: skip


@pytest.fixture
def run_chapter(needs, monkeypatch, tmp_path):
    """Run the cells of the chapter here, in the paper profile but tiny; give what it wrote."""
    needs("old_scores", "gm_sound_font", "musicnn_taggers", "jamendo_tags", "genre_names")
    monkeypatch.setattr(placed_audio, "jamendo_folder", lambda: tmp_path / "placed")
    monkeypatch.setattr(showing, "display", lambda bundle, _: print(bundle.get("text/markdown", "")))
    matplotlib.use("agg")

    def run():
        slug = "concept_hierarchies"
        book = jupytext.read(project.notebook(slug).with_suffix(".md"))
        names = {"display": lambda *_: None}
        for cell in book.cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, "a cell", "exec"), names)
            if "parameters" in cell.metadata.get("tags", []):
                names |= {**parameters.profile_values(slug, "paper"), **TINY, "out": str(tmp_path / "out")}
        return results.read(tmp_path / "out" / "results.json")

    return run


def place(folder, track, seconds):
    number = int(track.removeprefix("track_"))
    path = folder / "placed" / f"{number % 100:02d}" / f"{number}.mp3"
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = np.random.default_rng(number).normal(scale=0.1, size=round(RATE * seconds))
    soundfile.write(path, sound, RATE, format="MP3")
    return path


@pytest.mark.chapter
def test_without_placed_audio_the_chapter_says_what_to_put_where_and_goes_on(run_chapter, capsys):
    found = run_chapter()
    told = capsys.readouterr().out
    before = told[: told.index("concepts pass") if "concepts pass" in told else len(told)]
    assert "scripts/download/download.py" in before
    assert "placed/jamendo_audio of the data folder" in before
    assert found.profile == "paper"
    assert "accuracy.family" in found.measures
    assert "tags.jamendo_genre.beets" in found.measures
    assert not [name for name in found.measures if name.startswith("jamendo.")]
    assert found.verdicts["C3d"].verdict == "not tested"


@pytest.mark.chapter
def test_broken_files_and_genres_that_nobody_hears_are_told_and_end_nothing(run_chapter, tmp_path, capsys):
    table = jamendo_taggings()
    tracks = sorted(set(table.loc[table["tag"].isin(["rock", "ambient"]), "track"]))
    kept = [t for tag in ("rock", "ambient") for t in table.loc[table["tag"] == tag, "track"].iloc[:12]]
    for track in kept:
        place(tmp_path, track, 30.1)
    broken = [track for track in tracks if track not in kept][:2]
    place(tmp_path, broken[0], 0.1).write_bytes(b"no sound at all" * 50)
    nowhere = place(tmp_path, broken[1], 0.1)
    nowhere.unlink()
    nowhere.symlink_to(tmp_path / "gone.mp3")
    found = run_chapter()
    told = capsys.readouterr().out
    assert f"{len(set(kept))} tracks embedded, 2 left out" in told
    assert "cannot be read as a sound" in told
    assert str(tmp_path) not in told
    assert "No tree of genres: " in told
    assert found.measures["jamendo.n_tracks"].mean == len(set(kept))
    assert "jamendo.genres" not in found.measures
    assert {part.verdict for part in found.verdicts["C3d"].parts} <= {
        "not tested",
        "inconclusive",
        "contradicted",
    }
