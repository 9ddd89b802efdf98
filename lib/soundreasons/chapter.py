"""All that a notebook says to the library.

A chapter opens its run in the cell after `parameters`, tells it what was measured, shows figures,
tables and sounds through it, and closes with `run.verdicts()`, which judges the ledger and writes
`results.json`.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import os
import platform
import re
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from soundreasons import claims, files, freshness, measures, parameters, project
from soundreasons import ledger as ledgers
from soundreasons import results as results_module
from soundreasons.learning import device as device_module
from soundreasons.learning import seeding
from soundreasons.naming import unknown

PLAIN = (bool, int, float, str, list, tuple, dict, type(None))
NOT_PARAMETERS = {"In", "Out"}  # IPython's own history
DOTS_PER_INCH = 144


class ChapterError(ValueError):
    """A chapter that says something impossible to its run."""


def open(slug: str, namespace: Mapping[str, Any]) -> Run:
    """Open the run of a chapter: check its parameters, seed, pick the device.

    Call it in the cell after `parameters`, before any data is opened or drawn.

    Parameters
    ----------
    slug : str
        The chapter, e.g. "spiky_svd".
    namespace : mapping
        `globals()` of the notebook: the declared parameters and whatever papermill injected.

    Returns
    -------
    Run

    Raises
    ------
    ValueError
        If the chapter is unknown, or (`ParameterError`) a parameter is unknown, of the wrong type
        or impossible: with what was given, what is allowed and the nearest name.

    Examples
    --------
    In a notebook, after the cell tagged `parameters`::

        run = chapter.open("spiky_svd", globals())
    """
    project.require_chapter(slug)
    declared = parameters.declared(slug)
    given = {name: value for name, value in namespace.items() if _is_parameter(name, value)}
    values = parameters.check(declared, given)
    own = parameters.profile_values(slug, values["profile"])
    try:
        device = device_module.resolve(values.get("device", "cpu"))
    except ValueError as error:
        raise parameters.ParameterError(str(error)) from None
    seeding.seed_everything(values["seed"])
    # A progress bar that several libraries bring along complains in a notebook that it cannot be drawn.
    warnings.filterwarnings("ignore", message="IProgress not found")
    return Run(slug, values, parameters.changed(values, own), device)


def _is_parameter(name: str, value: Any) -> bool:
    """Plain values that are not IPython's: the declared parameters, and misspelt ones beside them."""
    return not name.startswith("_") and name not in NOT_PARAMETERS and type(value) in PLAIN


class Run:
    """One run of a chapter; get it from `chapter.open`.

    Attributes
    ----------
    slug, profile : str
        Which chapter, which profile.
    parameters : dict
        All parameters, checked.
    changed : dict
        Those that are not the profile's own.
    seeds : list of int
        `seed`, `seed + 1`, ... , one per repetition (`n_seeds` of them).
    device : str
        "cpu", "mps" or "cuda:N".
    folder : Path
        Where figures and results go.
    """

    def __init__(self, slug: str, values: dict[str, Any], changed: dict[str, Any], device: str) -> None:
        self.slug = slug
        self.profile: str = values["profile"]
        self.parameters = values
        self.changed = changed
        self.seeds = [values["seed"] + k for k in range(values.get("n_seeds", 1))]
        self.device = device
        self.folder, self._target = _folders(slug, values, changed)
        self._measures: dict[str, measures.Measure] = {}
        self._tables: dict[str, results_module.Table] = {}
        self._figures: dict[str, results_module.Shown] = {}
        self._sounds: dict[str, results_module.Shown] = {}
        self._untested: dict[str, str] = {}
        self._clock = time.perf_counter()
        self._started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")

    def __repr__(self) -> str:
        """One line that says which run this is."""
        seeds = ", ".join(map(str, self.seeds))
        differing = "".join(f" · {name} = {value!r}" for name, value in sorted(self.changed.items()))
        device = device_module.describe(self.device)
        return f"{self.slug} · profile {self.profile} · seeds {seeds} · {device}{differing}"

    def rng(self, *labels: str, seed: int | None = None) -> np.random.Generator:
        """Random generator for one purpose (see `learning.seeding.rng`); the run's first seed unless told."""
        return seeding.rng(self.seeds[0] if seed is None else seed, self.slug, *labels)

    def repeats(self, n: int) -> list[int]:
        """Seeds for an experiment that is cheap enough to repeat more often: the first `n` from `seed` on."""
        return [self.seeds[0] + k for k in range(n)]

    def missing(
        self, names: Sequence[str] | Mapping[str, str], remedy: str = "", *, claims: Sequence[str] = ()
    ) -> None:
        """Say on the page which data no source on this machine has, and what to do; else say nothing.

        Parameters
        ----------
        names : sequence of str, or mapping of str to str
            What is not here; in a mapping, each with how to get it.
        remedy : str
            What to do about all of them.
        claims : sequence of str
            Claims that rest on it: they stay *not tested*, whatever is measured in its place.
        """
        if names:
            listed = ", ".join(f"`{name}`" for name in names)
            text = (
                f"**Not on this machine:** {listed}. What needs them is left out; claims stay *not tested*."
            )
            text += f" {remedy}" if remedy else ""
            if isinstance(names, Mapping):
                text += "".join(f"\n- `{name}`: {how}" for name, how in names.items())
            _display({"text/markdown": text, "text/plain": text}, {"soundreasons": {"kind": "missing"}})
            self._untested |= dict.fromkeys(claims, f"needs what is not here: {', '.join(names)}")

    def measure(
        self,
        name: str,
        values: float | Sequence[float],
        *,
        unit: str = "",
        exact: bool = False,
        interval: tuple[float, float] | None = None,
    ) -> measures.Measure:
        """Keep a measured number, and make it citable in the prose.

        Parameters
        ----------
        name : str
            Parts of lower-case letters, digits and underscores, joined by dots; glued under this
            name, and its interval under `<name>.low` and `<name>.high`.
        values, unit, exact, interval
            As in `measures.measure`: one value per seed, or one.

        Raises
        ------
        ChapterError
            If the name is malformed or was measured already, or the values are refused.
        """
        _check_name(name, r"[a-z0-9_]+(\.[a-z0-9_]+)*", "lower-case parts joined by dots")
        if name in self._measures:
            raise ChapterError(f"{name} was measured already in this run; a measure has one value")
        try:
            kept = measures.measure(values, unit=unit, exact=exact, interval=interval)
        except ValueError as error:
            raise ChapterError(f"{name}: {error}") from None
        self._measures[name] = kept
        _glue(name, kept)
        return kept

    def figure(self, figure: Any, name: str, *, caption: str, alt: str) -> None:
        """Show a matplotlib figure, numbered on the page as `fig-<slug>-<name>`, and keep it as PNG.

        Parameters
        ----------
        figure : matplotlib.figure.Figure
            Closed afterwards. One figure a cell.
        name : str
            In kebab-case.
        caption, alt : str
            What it shows; and what is seen in it, for those who do not see it.
        """
        import matplotlib.pyplot as plt

        _check_name(name, r"[a-z0-9]+(-[a-z0-9]+)*", "kebab-case")
        _check_text(name, caption=caption, alt=alt)
        if name in self._figures:
            raise ChapterError(f"figure {name} was shown already in this run")
        buffer = io.BytesIO()
        # Matplotlib would write its version there; equal pictures should be equal files.
        figure.savefig(buffer, dpi=DOTS_PER_INCH, bbox_inches="tight", metadata={"Software": "Sound Reasons"})
        plt.close(figure)
        file = f"figures/{name}.png"
        files.write(self.folder / file, buffer.getvalue())
        self._figures[name] = results_module.Shown(file=file, caption=caption, alt=alt)
        _display_figure(buffer.getvalue(), name, caption, alt)

    def table(self, frame: Any, name: str, *, caption: str) -> None:
        """Show a pandas frame, numbered on the page as `tbl-<slug>-<name>`, and keep its cells.

        Floats are shown to three significant digits; the cells kept in results.json are exact.
        """
        _check_name(name, r"[a-z0-9]+(-[a-z0-9]+)*", "kebab-case")
        _check_text(name, caption=caption)
        if name in self._tables:
            raise ChapterError(f"table {name} was shown already in this run")
        flat = frame.reset_index() if any(level is not None for level in frame.index.names) else frame
        rows = [[_plain(cell) for cell in row] for row in flat.itertuples(index=False)]
        table = results_module.Table(caption=caption, columns=[str(c) for c in flat.columns], rows=rows)
        self._tables[name] = table
        _display_table(table, name)

    def sound(self, samples: Any, rate: int, *, name: str, caption: str) -> None:
        """Play a short clip (mono, at most 15 s) on the page, and keep it as MP3.

        Parameters
        ----------
        samples : array-like, shape (n,) or (n, n_channels)
            Amplitudes; see `media.audio.to_clip`.
        rate : int
            Samples per second.
        name : str
            In kebab-case.
        caption : str
            What to listen for, and whose recording it is.
        """
        from soundreasons.media import audio

        _check_name(name, r"[a-z0-9]+(-[a-z0-9]+)*", "kebab-case")
        _check_text(name, caption=caption)
        if name in self._sounds:
            raise ChapterError(f"sound {name} was played already in this run")
        encoded = audio.encode_mp3(samples, rate)
        file = f"sounds/{name}.mp3"
        files.write(self.folder / file, encoded)
        self._sounds[name] = results_module.Shown(file=file, caption=caption)
        _display_sound(encoded, name, caption)

    def verdicts(self) -> None:
        """Judge the ledger by what was measured, show the verdicts, write results.json.

        Raises
        ------
        LedgerError
            If the ledger is malformed, or lacks a claim that `missing` named.
        """
        ledger = ledgers.load(project.ledger(self.slug))
        used = _data_used(ledger)
        absent = [name for name, entry in used.items() if entry.kind == "unavailable"]
        judged = claims.judge_all(ledger, self._measures, profile=self.profile, absent=absent)
        for claim, reason in self._untested.items():
            judged[ledger.claim(claim).id] = claims.Judgement(verdict="not tested", reason=reason)
        _display_verdicts(ledger, judged)
        results_module.write(self._record(judged, used), self.folder / "results.json")
        if self._target is not None:  # plain papermill or Jupyter: nobody else puts the folder in its place
            files.replace_folder(self.folder, self._target)

    def _record(
        self, judged: dict[str, claims.Judgement], used: dict[str, results_module.DataUsed]
    ) -> results_module.Results:
        values = {name: value for name, value in self.parameters.items() if name != "out"}
        digests = {name: entry.entry for name, entry in used.items() if entry.kind != "unavailable"}
        return results_module.Results(
            slug=self.slug,
            profile=self.profile,
            key=parameters.key(self.changed),
            parameters=values,
            changed=self.changed,
            seeds=self.seeds,
            measures=self._measures,
            tables=self._tables,
            figures=self._figures,
            sounds=self._sounds,
            verdicts=judged,
            data=used,
            fingerprint=freshness.take(self.slug, values, digests),
            machine=_machine(self.device),
            cost=_cost(self._clock),
            commit=_commit(),
            started=self._started,
        )


def _folders(slug: str, values: Mapping[str, Any], changed: Mapping[str, Any]) -> tuple[Path, Path | None]:
    """Folder to write into, and the one to replace at the end if nobody else does that."""
    if values["out"]:
        return Path(values["out"]), None
    target = project.run_folder(slug, values["profile"], parameters.key(changed))
    files.recover_folder(target)
    return target.with_name(f".{target.name}.{os.getpid()}.partial"), target


def _check_name(name: str, pattern: str, words: str) -> None:
    if not re.fullmatch(pattern, name):
        raise ChapterError(f"{name!r} is no name here, expected {words}")


def _check_text(name: str, **texts: str) -> None:
    for kind, text in texts.items():
        if not text.strip():
            raise ChapterError(f"{name} has no {kind}; say in a sentence what a reader should see or hear")


def _plain(cell: Any) -> Any:
    """A cell as JSON can hold it; what is missing is None."""
    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, measures.Measure):
        return cell.text()
    if cell is None or (isinstance(cell, float) and not np.isfinite(cell)):
        return None
    return cell if isinstance(cell, bool | int | float | str) else str(cell)


def _display(bundle: dict[str, Any], metadata: dict[str, Any]) -> None:
    from IPython.display import display

    display(bundle, raw=True, metadata=metadata)  # type: ignore[no-untyped-call]


def _glue(name: str, kept: measures.Measure) -> None:
    """Make the mean and the ends citable; the same format as myst-nb's glue, which is heavy to import."""
    cited = {name: kept.mean}
    if kept.low is not None and kept.high is not None:
        cited |= {f"{name}.low": kept.low, f"{name}.high": kept.high}
    for key, value in cited.items():
        bundle = {"application/papermill.record/text/plain": repr(float(value))}
        _display(bundle, {"scrapbook": {"name": key, "mime_prefix": "application/papermill.record/"}})


def _display_figure(png: bytes, name: str, caption: str, alt: str) -> None:
    import base64

    mark = {"kind": "figure", "name": name, "caption": caption, "alt": alt}
    bundle = {"image/png": base64.b64encode(png).decode(), "text/plain": alt}
    _display(bundle, {"soundreasons": mark, "image/png": {"alt": alt}})
    _display({"text/markdown": f"*{caption}*"}, {"soundreasons": {"kind": "caption"}})


def _display_table(table: results_module.Table, name: str) -> None:
    mark = {"kind": "table", "name": name, "caption": table.caption}
    text = f"{results_module.to_markdown(table)}\n\n*{table.caption}*"
    _display({"text/markdown": text, "text/plain": text}, {"soundreasons": mark})


def _display_sound(mp3: bytes, name: str, caption: str) -> None:
    import base64
    import html

    source = base64.b64encode(mp3).decode()
    text = html.escape(caption)
    address = f"data:audio/mpeg;base64,{source}"
    player = f'<audio controls preload="metadata" aria-label="{text}" src="{address}"></audio>'
    page = f'<figure class="sound" id="snd-{name}">{player}<figcaption>{text}</figcaption></figure>'
    _display({"text/html": page, "text/plain": caption}, {"soundreasons": {"kind": "sound", "name": name}})


def _display_verdicts(ledger: ledgers.Ledger, judged: Mapping[str, claims.Judgement]) -> None:
    rows = [
        [claim.id, claim.claim, judged[claim.id].verdict, judged[claim.id].reason] for claim in ledger.claims
    ]
    table = results_module.Table(
        caption="Every claim of the ledger and what this run says of it",
        columns=["claim", "in our words", "verdict", "checks"],
        rows=rows,
    )
    _display_table(table, "verdicts")


def _data_used(ledger: ledgers.Ledger) -> dict[str, results_module.DataUsed]:
    """What this process opened, and what the ledger needs and no source here has."""
    from soundreasons import data

    used = {name: results_module.DataUsed(**record) for name, record in data.opened().items()}
    for name in sorted(claims.data_named(ledger) - used.keys()):
        if name not in data.names():
            raise ledgers.LedgerError(f"{ledger.paper}: " + unknown("data set", name, data.names()))
        if not data.available(name):
            used[name] = results_module.DataUsed(kind="unavailable")
    return used


def _machine(device: str) -> results_module.Machine:
    return results_module.Machine(
        device=device_module.describe(device),
        processor=_processor(),
        cores=os.cpu_count() or 1,
        threads=int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
    )


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cost(clock: float) -> results_module.Cost:
    """Time since the run was opened; CPU and memory of the whole process, imports included."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
    return results_module.Cost(
        seconds=round(time.perf_counter() - clock, 2),
        cpu_seconds=round(sum(u.ru_utime + u.ru_stime for u in usage), 2),
        peak_memory_bytes=max(u.ru_maxrss for u in usage) * unit,
    )


def _commit() -> str:
    """Commit of the book, with "+" if tracked files differ from it; "" outside a repository."""
    git = ["git", "-C", str(project.root())]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
        )
        state = subprocess.run(
            [*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head.stdout.strip() + ("+" if state.stdout.strip() else "")
