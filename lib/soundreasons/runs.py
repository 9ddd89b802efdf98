"""What lies in a run's folder: sealed when the run ends, read back only if it is whole.

`manifest.json` holds the digest of every file of a finished run. A file that is lost, cut off, or of
another chapter is named, with what mends it. A run that failed leaves `<folder>.failed` instead.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from soundreasons import project, results

MANIFEST = "manifest.json"
NOTEBOOK = "notebook.ipynb"
RESULTS = "results.json"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class RunDamaged(ValueError):
    """A run that is not there, not whole, or not that of its folder; the message says what to do."""


@dataclass(frozen=True)
class Failure:
    """Why a chapter's last run did not finish.

    Attributes
    ----------
    cell : int or None
        Number of the code cell that stopped; None where the run was ended from outside.
    error : str
        In one line.
    traceback : str
        As Python tells it, without this machine's paths; "" where there is none.
    notebook : Path or None
        What was run until then.
    """

    cell: int | None
    error: str
    traceback: str
    notebook: Path | None


def file_digest(path: Path) -> str:
    """Hash of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def seal(folder: Path) -> None:
    """Write down what a finished run consists of."""
    names = sorted(
        str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST
    )
    digests = {name: file_digest(folder / name) for name in names}
    (folder / MANIFEST).write_text(json.dumps({"files": digests}, indent=1) + "\n", encoding="utf-8")


def damage(folder: Path) -> str:
    """Say what is wrong with the files of a run; "" if all are as the run left them.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "notebook.ipynb").write_text("{}")
    >>> seal(folder); damage(folder)
    ''
    >>> _ = (folder / "notebook.ipynb").write_text(""); damage(folder)
    'notebook.ipynb was changed or cut off'
    """
    try:
        sealed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        wrong = [(name, folder / name) for name, was in sealed.items() if _digest(folder / name) != was]
    except FileNotFoundError:
        return f"{MANIFEST} is missing" if folder.is_dir() else "it was not run"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"{MANIFEST} cannot be read"
    if not wrong:
        return ""
    name, path = wrong[0]
    return f"{name} {'was changed or cut off' if path.is_file() else 'is missing'}"


def _digest(path: Path) -> str:
    return file_digest(path) if path.is_file() else ""


def read(slug: str, profile: str) -> results.Results:
    """Read the standard run of a chapter in a profile.

    Parameters
    ----------
    slug, profile : str
        Which chapter, which profile.

    Returns
    -------
    Results

    Raises
    ------
    RunDamaged
        If there is none, a file of it is lost or changed, or its results are another run's.
    """
    folder = project.run_folder(slug, profile)
    remedy = f"run `soundreasons run {slug} --profile {profile}`"
    if wrong := damage(folder):
        raise RunDamaged(f"{slug}, profile {profile}: {wrong}; {remedy}")
    try:
        found = results.read(folder / RESULTS)
    except ValueError as error:
        raise RunDamaged(f"{slug}, profile {profile}: {error}; {remedy}") from None
    if (found.slug, found.profile, found.key) != (slug, profile, ""):
        other = " ".join(filter(None, (found.slug, found.profile, found.key)))
        raise RunDamaged(f"{slug}, profile {profile}: its {RESULTS} is that of {other}; {remedy}")
    return found


def failed_folder(slug: str, profile: str) -> Path:
    """Return where the standard run of a chapter is kept if it fails."""
    folder = project.run_folder(slug, profile)
    return folder.with_name(f"{folder.name}.failed")


def failure(slug: str, profile: str) -> Failure | None:
    """Return why the last run of a chapter failed; None if it did not.

    Raises
    ------
    ValueError
        If the profile or the chapter is unknown.
    """
    path = failed_folder(slug, profile) / NOTEBOOK
    if not path.parent.is_dir():
        return None
    try:
        cells = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
        errors = [
            (number, output)
            for number, cell in enumerate(cells, start=1)
            for output in cell["outputs"]
            if output["output_type"] == "error"
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return Failure(None, "the run ended before it could keep its notebook", "", None)
    if not errors:
        return Failure(None, "the run was ended from outside, or its kernel died", "", path)
    number, output = errors[0]
    error = _shown(f"{output['ename']}: {output['evalue']}").splitlines()[0]
    return Failure(number, error, _shown("\n".join(output["traceback"])), path)


def _shown(text: str) -> str:
    """Text without colours and without this machine's folders."""
    plain = _ANSI.sub("", text)
    for folder in sorted((str(project.root()), str(Path.home())), key=len, reverse=True):
        plain = plain.replace(folder, "…") if len(folder) > 1 else plain
    return plain
