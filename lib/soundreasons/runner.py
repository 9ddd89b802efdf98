"""Running a chapter: papermill, progress, and nothing lost.

A run works in a folder of its own and takes the place of the last good one when it has finished.
A failed run leaves its notebook, with the traceback, in `<folder>.failed`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import filelock
import nbformat
import papermill
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from soundreasons import files, pairing, parameters, project, results, runs

Report = Callable[[str], None]
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}  # no hub is asked unless the user says so


def _kernel(sockets: str) -> dict[str, Any]:
    """Options of a kernel: sockets that only this user can open, and no log lines of its own.

    Each run has a folder of sockets to itself, since chapters that start side by side would otherwise pick
    the same names; and a short one, since a socket's path may have a hundred letters at most.
    """
    manager = {"transport": "ipc", "ip": str(Path(sockets) / "kernel")}
    return {"config": Config({"KernelManager": manager}), "extra_arguments": ["--log-level=CRITICAL"]}


class RunError(RuntimeError):
    """A chapter that did not finish; the message says where its notebook is."""


def run(
    slug: str,
    profile: str = "laptop",
    changes: Mapping[str, Any] | None = None,
    *,
    threads: int = 1,
    report: Report = print,
) -> Path:
    """Run a chapter and put its results in their place.

    Parameters
    ----------
    slug : str
        The chapter.
    profile : {"smoke", "laptop", "paper"}
        Whose parameters to start from.
    changes : mapping of name to value, optional
        Parameters that differ from the profile's.
    threads : int, from 1
        Threads of the numerical libraries. The last digits of a sum depend on it, so it is part
        of what "the same machine" means.
    report : callable
        Takes one line of progress.

    Returns
    -------
    Path
        Folder with `notebook.ipynb`, `results.json` and `figures/`.

    Raises
    ------
    ValueError
        If the chapter, the profile or a parameter is refused, or the notebook is not the pair of its source.
    RunError
        If a cell failed or the kernel died.
    """
    project.require_chapter(slug)
    own = parameters.profile_values(slug, profile)
    values = parameters.check(parameters.declared(slug), {**own, **(changes or {})})
    if values["profile"] != profile:
        raise parameters.ParameterError(f"profile is {profile!r}, but profile={values['profile']!r} was set")
    pairing.require_pair(slug)
    target = project.run_folder(slug, profile, parameters.key(parameters.changed(values, own)))
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(target, report):
        _clear_up(target)
        staging = target.with_name(f".{target.name}.{os.getpid()}.partial")
        try:
            _execute(slug, values, staging, threads, _Progress(slug, target, report))
        except RunError as error:
            raise RunError(f"{error}\n  notebook: {_keep_failed(staging, target)}") from None
        files.replace_folder(staging, target)
        shutil.rmtree(_failed(target), ignore_errors=True)
    return target


@contextlib.contextmanager
def _alone(target: Path, report: Report) -> Iterator[None]:
    """Hold one run's folder; the system frees the lock when its holder dies, however it dies."""
    lock = filelock.FileLock(target.with_name(f".{target.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        report(f"{target.name}: another process is running this chapter; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _failed(target: Path) -> Path:
    return target.with_name(target.name + ".failed")


def _clear_up(target: Path) -> None:
    """Put back what a killed run set aside, and drop what it had begun."""
    files.recover_folder(target)
    for leftover in target.parent.glob(f".{target.name}.*.partial"):
        shutil.rmtree(leftover, ignore_errors=True)


def _keep_failed(staging: Path, target: Path) -> Path:
    with contextlib.suppress(OSError, ValueError):  # a kernel that died may leave no notebook, or half of one
        _tidy(staging / runs.NOTEBOOK)
    files.replace_folder(staging, _failed(target))
    return _failed(target) / "notebook.ipynb"


def _execute(slug: str, values: dict[str, Any], staging: Path, threads: int, progress: _Progress) -> None:
    staging.mkdir(parents=True)
    own = {name: parameter.default for name, parameter in parameters.declared(slug).items()}
    injected = {name: value for name, value in values.items() if value != own[name]} | {"out": str(staging)}
    output = staging / "notebook.ipynb"
    _ProgressEngine.progress = progress
    with _environment(threads), tempfile.TemporaryDirectory(prefix="soundreasons-") as sockets:
        _ProgressEngine.kernel = _kernel(sockets)
        try:
            papermill.execute_notebook(
                project.notebook(slug), output, injected, engine_name="soundreasons", progress_bar=False,
                cwd=project.root(), kernel_name="python3",
            )  # fmt: skip
        except PapermillExecutionError as error:
            raise RunError(
                f"{slug} stopped in cell {error.exec_count}: {error.ename}: {error.evalue}"
            ) from None
        except OSError as error:
            raise RunError(f"{slug}: {files.trouble(error)}") from None
        except RuntimeError as error:  # the kernel did not start, or died
            raise RunError(f"{slug}: {type(error).__name__}: {error} (out of memory?)") from None
    if not (staging / "results.json").is_file():
        raise RunError(f"{slug} wrote no results: its last code cell must call run.verdicts()")
    results.read(staging / runs.RESULTS)
    _tidy(output)
    runs.seal(staging)


class _environment:
    """Environment of the kernel: threads, and no hub. Restored afterwards."""

    def __init__(self, threads: int) -> None:
        if threads < 1:
            raise parameters.ParameterError(f"threads is {threads}, expected 1 or more")
        self._set = dict.fromkeys(THREAD_VARIABLES, str(threads)) | {
            name: os.environ.get(name, value) for name, value in OFFLINE.items()
        }

    def __enter__(self) -> None:
        self._before = {name: os.environ.get(name) for name in self._set}
        os.environ.update(self._set)

    def __exit__(self, *_: object) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _tidy(path: Path) -> None:
    """Take this machine's paths out of an executed notebook, and fold the injected parameters."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            lines = cell.source.splitlines()
            cell.source = "\n".join(line for line in lines if not line.startswith("out = "))
            cell.metadata.tags = ["injected-parameters", *([] if _has_code(cell.source) else ["remove-cell"])]
    files.write(path, nbformat.writes(notebook) + "\n")  # type: ignore[no-untyped-call]


def _has_code(source: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in source.splitlines())


class _Progress:
    """Lines that say which section is running, how long so far, and what is left if the past is a guide."""

    def __init__(self, slug: str, target: Path, report: Report) -> None:
        self._slug = slug
        self._report = report
        self._start = time.monotonic()
        self._expected = _last_seconds(target)
        self._heading = ""

    def cell(self, number: int, n_cells: int, heading: str) -> None:
        """Report the start of a cell, once per section."""
        if heading == self._heading:
            return
        self._heading = heading
        elapsed = time.monotonic() - self._start
        left = f", about {_clock(max(0.0, self._expected - elapsed))} left" if self._expected else ""
        self._report(f"{self._slug}  {number:>3}/{n_cells}  {_clock(elapsed)}{left}  {heading}")


def _last_seconds(target: Path) -> float:
    """How long the last run took on this machine, 0 if there was none."""
    try:
        return results.read(target / "results.json").cost.seconds
    except ValueError:  # none yet, or one of an earlier version
        return 0.0


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class _ProgressEngine(NBClientEngine):  # type: ignore[misc]
    """Papermill's own engine, telling which section each cell belongs to."""

    progress: _Progress
    kernel: Mapping[str, Any]

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        """Run all cells, reporting each."""
        start = nb_man.cell_start
        cells = nb_man.nb.cells
        headings = _headings(cells)

        def reported_start(cell: Any, cell_index: int = 0, **more: Any) -> None:
            cls.progress.cell(cell_index + 1, len(cells), headings[cell_index])
            start(cell, cell_index, **more)

        nb_man.cell_start = reported_start
        return super().execute_managed_notebook(nb_man, kernel_name, **cls.kernel, **options)


def _headings(cells: list[Any]) -> list[str]:
    """Heading that each cell stands under."""
    heading, found = "", []
    for cell in cells:
        if cell.cell_type == "markdown":
            titles = [line for line in cell.source.splitlines() if line.startswith("#")]
            heading = titles[-1].lstrip("# ").strip() if titles else heading
        found.append(heading)
    return found


papermill_engines.register("soundreasons", _ProgressEngine)
