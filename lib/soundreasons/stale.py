"""What the build has to do: which data to fetch, which chapters to run, whether to render the site.

One place decides; Snakemake only orders and runs. What was done is noted in `_build`: the state that
data were fetched in, the fingerprint in each run's results, the files that the site was made of. What
differs from today is stale, and its stamp is taken away, so that Snakemake makes it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from soundreasons import data, files, freshness, project, runs
from soundreasons.data import registry

PAGES = (
    "_config.yml",
    "_toc.yml",
    "requirements.txt",
    "book/*.md",
    "book/api/*.md",
    "book/papers.yml",
    "book/references.bib",
    "book/_static/*",
    "notebooks/*.md",
    "notebooks/profiles/*/*.yml",
    "results/*/*.json",
    "lib/soundreasons/*.py",
    "lib/soundreasons/*/__init__.py",  # what each floor says it is for stands on the page of the architecture
    "lib/soundreasons/site/*.py",
    "lib/soundreasons/data/*.py",  # as are the names of the modules that notebooks call
    "lib/soundreasons/data/registry.*",
    "lib/soundreasons/papers/*/claims.*",
    "lib/soundreasons/papers/**/*.py",  # pages show their sources
)
# They make the site or call what does, and no page shows what they say.
NOT_SHOWN = {
    "cli.py",
    "book.py",
    "runner.py",
    "runs.py",
    "stale.py",
    "freshness.py",
    "workbook.py",
    "scaffold.py",
}
Record = dict[str, Any]


def stamps() -> Path:
    """Return the folder of the build's notes."""
    return project.root() / "_build" / "stamps"


def data_stamp(profile: str) -> Path:
    """Return the note on the data of a profile."""
    return stamps() / f"data.{profile}.json"


def run_stamp(slug: str, profile: str) -> Path:
    """Return the file whose presence tells Snakemake that a chapter's run still stands."""
    return stamps() / profile / f"{slug}.ran"


def site_stamp() -> Path:
    """Return the file whose presence tells Snakemake that the site still stands."""
    return stamps() / "site.built"


def first_page() -> Path:
    """Return where the rendered site begins."""
    return project.root() / "_build" / "html" / "index.html"


def site_note() -> Path:
    """Return the note on what the site was made of."""
    return project.root() / "_build" / "site.json"


# -- data ------------------------------------------------------------------------------------------


def data_names(profile: str) -> list[str]:
    """Name the registry entries that the chapters and the site use in a profile.

    Examples
    --------
    >>> "mathjax" in data_names("smoke")
    True
    """
    slugs = set(project.slugs())
    return [
        name
        for name, entry in registry.load().items()
        if (entry.kind == "asset" or set(entry.used_by) & slugs)
        and (entry.scale == "laptop" or profile == "paper")
    ]


def data_state(profile: str) -> Record:
    """Describe what decides whether data must be fetched: what is wanted, where from, what is here."""
    # The whole declaration counts: a new source is a reason to ask again for what could not be had.
    declared = {name: data.entry(name).model_dump(mode="json") for name in data_names(profile)}
    wanted = {name: freshness.digest(declaration) for name, declaration in declared.items()}
    mirror = data.mirror_folder()
    return {
        "wanted": wanted,
        "mirror": str(mirror) if mirror else "",
        "folder": str(data.cache_folder()),
        "here": [name for name in wanted if data.available(name)],
    }


def note_data(profile: str) -> None:
    """Write down that the data of a profile were fetched, as far as they could be had."""
    files.write(data_stamp(profile), json.dumps(data_state(profile), indent=1) + "\n")


def why_fetch(profile: str) -> str:
    """Say why data must be fetched; "" if nothing has changed since that was last done."""
    was, now = _note(data_stamp(profile)), data_state(profile)
    if was is None:
        return "not fetched yet"
    for part, told in (("folder", "the data folder is"), ("mirror", "the mirror is")):
        if was.get(part) != now[part]:
            return f"{told} {now[part] or 'unset'} now"
    declared = was.get("wanted", {})
    if changed := [name for name, digest in now["wanted"].items() if declared.get(name) != digest]:
        return f"the registry says something else of {_listed(changed)}"
    here = set(was.get("here", []))
    if lost := [name for name in now["wanted"] if (name in here) != (name in now["here"])]:
        return f"what is here of {_listed(lost)} has changed"
    return ""


# -- chapters --------------------------------------------------------------------------------------


def why_run(slug: str, profile: str) -> str:
    """Say why a chapter must run; "" if its last run still stands."""
    try:
        found = runs.read(slug, profile)
    except runs.RunDamaged as error:
        failed = runs.failed_folder(slug, profile).is_dir()
        reason = str(error).partition(": ")[2].partition("; ")[0]
        return "its last run failed" if failed else reason
    if runs.failed_folder(slug, profile).is_dir():
        return "its last run failed"
    changed = freshness.changes(found) + freshness.drawing_changes(found)
    if changed:
        return _listed(changed)
    new = freshness.newly_available(found)
    return f"data that it lacked is here: {_listed(new)}" if new else ""


# -- the site --------------------------------------------------------------------------------------


def site_inputs(profile: str | None, shown: Mapping[str, Path]) -> Record:
    """Describe what the site is made of.

    Parameters
    ----------
    profile : str or None
        Whose runs are shown; None for the last of any.
    shown : mapping of slug to Path
        Folder of the run that each page shows.

    Returns
    -------
    dict
        Digest of each page, of each run, and of what the pages are made with.
    """
    found = {str(path.relative_to(project.root())): runs.file_digest(path) for path in _page_files()}
    for slug, folder in shown.items():
        found[f"the run of {slug}"] = _run_digest(folder)
    return {"profile": profile, "made of": found}


def _page_files() -> list[Path]:
    root = project.root()
    matched = {path for pattern in PAGES for path in root.glob(pattern) if path.is_file()}
    return sorted(path for path in matched if path.name not in NOT_SHOWN)


def _run_digest(folder: Path) -> str:
    """Hash of a finished run's manifest or of a failed run's notebook; "" where there is neither."""
    parts = (folder / runs.MANIFEST, folder / runs.NOTEBOOK)
    return next((f"{folder.name} {runs.file_digest(path)}" for path in parts if path.is_file()), "")


def note_site(inputs: Record, html: Path) -> None:
    """Write down what the site was made of, and which files it has."""
    pages = {str(p.relative_to(html)): p.stat().st_size for p in sorted(html.rglob("*")) if p.is_file()}
    files.write(site_note(), json.dumps({**inputs, "pages": pages}, indent=1) + "\n")


def why_render(profile: str) -> str:
    """Say why the site must be rendered; "" if it shows what is here."""
    was = _note(site_note())
    if was is None:
        return "not rendered yet"
    html = project.root() / "_build" / "html"
    lost = [name for name, size in was.get("pages", {}).items() if _size(html / name) != size]
    if lost or not was.get("pages"):
        return f"{lost[0] if lost else 'every page'} of the site is missing or was changed"
    if was.get("profile") != profile:
        return f"it shows profile {was.get('profile') or 'of the last runs'}"
    shown = {slug: shown_folder(slug, profile) for slug in project.slugs()}
    before, now = was.get("made of", {}), site_inputs(profile, shown)["made of"]
    changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return f"{_listed(changed)} changed" if changed else ""


def shown_folder(slug: str, profile: str) -> Path:
    """Return the folder of the run that a chapter's page shows: the failed one, if the last one failed."""
    failed = runs.failed_folder(slug, profile)
    return failed if failed.is_dir() else project.run_folder(slug, profile)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


# -- for Snakemake ---------------------------------------------------------------------------------


def reasons(profile: str) -> dict[str, str]:
    """Say what is stale, and why: keys are "data", slugs and "site"; nothing stale, no key."""
    told = {"data": why_fetch(profile)}
    told |= {slug: why_run(slug, profile) for slug in project.slugs()}
    told["site"] = why_render(profile) or ("what it shows is made again" if any(told.values()) else "")
    return {name: reason for name, reason in told.items() if reason}


def forget(profile: str) -> dict[str, str]:
    """Bring the stamps in step with what stands: stale ones go, those of what was made otherwise come.

    Returns
    -------
    dict
        As `reasons`.
    """
    stale = reasons(profile)
    if "data" in stale:
        data_stamp(profile).unlink(missing_ok=True)
    settle_runs(profile, stale)
    site = site_stamp()
    if "site" in stale:
        site.unlink(missing_ok=True)
    else:  # made by hand, or older than a stamp that was just put in its place
        site.parent.mkdir(parents=True, exist_ok=True)
        site.touch()
    return stale


def settle_runs(profile: str, stale: Iterable[str] | None = None) -> None:
    """Bring the stamps of the chapters in step with what stands; asked again once data were fetched."""
    wanted = project.slugs()
    old = set(stale) if stale is not None else {slug for slug in wanted if why_run(slug, profile)}
    for slug in wanted:
        stamp = run_stamp(slug, profile)
        if slug in old:
            stamp.unlink(missing_ok=True)
        elif not stamp.is_file():
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.touch()


def _note(path: Path) -> Record | None:
    """Read one of the build's notes; None where there is none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _listed(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
