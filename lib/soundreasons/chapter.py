"""All that a notebook says to the library.

A chapter opens its run in the cell after `parameters`, tells it what was measured, shows figures,
tables and sounds through it, and closes with `run.verdicts()`, which judges the ledger and writes
`results.json`.
"""

from __future__ import annotations

import copy
import datetime
import io
import os
import re
import time
import warnings
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from soundreasons import claims, files, freshness, measures, parameters, project, record, showing, source
from soundreasons import ledger as ledgers
from soundreasons import results as results_module
from soundreasons.learning import device as device_module
from soundreasons.learning import seeding
from soundreasons.markup import Markup, plain

__all__ = ["ChapterError", "Markup", "Run", "open", "plain"]

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
        `globals()` of the notebook: the declared parameters and whatever papermill injected. A parameter
        that was given as a number of NumPy, a range, a tuple or an array is a plain number or list in it
        afterwards.

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
    values = parameters.check(declared, parameters.among(declared, namespace))
    own = parameters.profile_values(slug, values["profile"])
    try:
        device = device_module.resolve(values.get("device", "cpu"))
    except ValueError as error:
        raise parameters.ParameterError(str(error)) from None
    seeding.seed_everything(values["seed"])
    # A progress bar that several libraries bring along complains in a notebook that it cannot be drawn.
    warnings.filterwarnings("ignore", message="IProgress not found")
    if isinstance(namespace, MutableMapping):  # the cells compute with what was checked and is recorded
        namespace.update({name: copy.copy(values[name]) for name in declared if name in namespace})
    return Run(slug, values, parameters.changed(values, own), device, namespace)


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

    def __init__(
        self,
        slug: str,
        values: dict[str, Any],
        changed: dict[str, Any],
        device: str,
        namespace: Mapping[str, Any],
    ) -> None:
        self.slug = slug
        self._namespace = namespace
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
            showing.missing(names, remedy)
            self._untested |= dict.fromkeys(claims, f"needs what is not here: {', '.join(names)}")

    def measure(
        self,
        name: str,
        values: float | Sequence[float],
        *,
        unit: str = "",
        exact: bool = False,
        interval: tuple[float, float] | None = None,
        over: str = "",
    ) -> measures.Measure:
        """Keep a measured number, and make it citable in the prose.

        Parameters
        ----------
        name : str
            Parts of lower-case letters, digits and underscores, joined by dots; glued under this
            name, and its interval under `<name>.low` and `<name>.high`.
        values, unit, exact, interval
            As in `measures.measure`: one value per seed, or one.
        over : str
            What was sampled, such as "tracks", where `values` is one value for each of them: their mean is
            kept, with a bootstrap interval over them (from the generator `rng("measure", name)`).

        Returns
        -------
        Measure

        Raises
        ------
        ChapterError
            If the name is malformed or was measured already, or the values are refused.

        Examples
        --------
        In a notebook::

            run.measure("recall.tfidf", found.mean(axis=1), over="queries", unit="%")
        """
        self._require_free(name)
        try:
            if over and (exact or interval is not None):
                raise ValueError(f"over={over!r} draws its own interval; leave out exact and interval")
            kept = (
                measures.sampled(values, over, self.rng("measure", name), unit=unit)
                if over
                else measures.measure(values, unit=unit, exact=exact, interval=interval)
            )
        except ValueError as error:
            raise ChapterError(f"{name}: {error}") from None
        self._measures[name] = kept
        showing.glue(name, kept)
        return kept

    def measures(
        self, frame: Any, pattern: str, *, unit: str = "", exact: bool = False, missing_ok: bool = False
    ) -> dict[str, measures.Measure]:
        """Keep every cell of a table as a measure, named by its row and column; all or none.

        Parameters
        ----------
        frame : DataFrame or Series
            Of numbers, or of lists with one number per seed.
        pattern : str
            Names, such as ``"auc.{row}.{column}"``; for a series ``"auc.{row}"``. Labels are written in lower
            case, with an underscore for everything that is no letter and no digit (`measures.label`).
        unit, exact
            As in `measure`, of all cells.
        missing_ok : bool
            Leave out cells that are NaN or None; else they are an error.

        Returns
        -------
        dict of str to Measure
            By name, column by column.

        Raises
        ------
        ChapterError
            If two cells would have one name, a name was measured already, a cell is missing and may not
            be, or is no finite number.

        Examples
        --------
        In a notebook::

            run.measures(scores, "accuracy.{row}.{column}", unit="%")
        """
        try:
            cells = measures.named_cells(frame, pattern, missing_ok=missing_ok)
        except ValueError as error:
            raise ChapterError(str(error)) from None
        for name, cell in cells.items():  # all are looked at before the first is kept
            self._require_free(name)
            try:
                measures.measure(cell, unit=unit, exact=exact)
            except (ValueError, TypeError) as error:
                raise ChapterError(f"{name}: {error}") from None
        return {name: self.measure(name, cell, unit=unit, exact=exact) for name, cell in cells.items()}

    def _require_free(self, name: str) -> None:
        _check_name(name, r"[a-z0-9_]+(\.[a-z0-9_]+)*", "lower-case parts joined by dots")
        if name in self._measures:
            raise ChapterError(f"{name} was measured already in this run; a measure has one value")

    def source(self, thing: Any) -> None:
        """Show the tested source of a function or a class of the library, its docstring folded.

        On the site, its name leads to its lines where the address of the repository is known.

        Parameters
        ----------
        thing : function, method or class
            Of a module of `soundreasons`.

        Raises
        ------
        SourceError
            If it is anything else: what a page shows is what the tests test.

        Examples
        --------
        In a notebook, in a cell of its own::

            run.source(svd.method.ppmi)
        """
        showing.source(source.read(thing))

    def available(self, *entries: str) -> list[str]:
        """Which of some data sets can be opened here; the page says which cannot.

        Parameters
        ----------
        *entries : str
            Names from `soundreasons data list`.

        Returns
        -------
        list of str
            Those that are here, in the order given.

        Raises
        ------
        ValueError
            If there is no such data set; with the nearest.

        Examples
        --------
        In a notebook::

            for name in run.available("hetrec_lastfm", "movielens_2018"):
                ...
        """
        from soundreasons import data

        asked = list(dict.fromkeys(data.entry(name).name for name in entries))
        here = [name for name in asked if data.available(name)]
        self.missing([name for name in asked if name not in here])
        return here

    def reported(self, name: str) -> ledgers.Reported:
        """What the ledger says that somebody reported.

        Parameters
        ----------
        name : str
            A value of a claim, `claim.id`, such as "C7.meso4"; or a fact, by its id.

        Returns
        -------
        Reported
            Its `value` (and `number`), `unit`, `what` it is, and its `provenance`.

        Raises
        ------
        LedgerError
            If the ledger of this chapter has no such value; with the nearest.

        Examples
        --------
        In a notebook::

            paper = run.reported("C1.deezer_peaks").number
        """
        return ledgers.load(project.ledger(self.slug)).reported(name)

    def figure(self, figure: Any, name: str, *, caption: str, alt: str) -> None:
        """Show a matplotlib figure, numbered on the page as `fig-<slug>-<name>`, and keep it as PNG.

        Parameters
        ----------
        figure : matplotlib.figure.Figure
            Closed afterwards. One figure a cell.
        name : str
            In kebab-case.
        caption : str
            What it shows, in Markdown. A name from data goes into it through `chapter.plain`.
        alt : str
            What is seen in it, for those who do not see it; no Markdown.
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
        showing.figure(buffer.getvalue(), name, caption, alt)

    def table(self, frame: Any, name: str, *, caption: str) -> None:
        """Show a pandas frame, numbered on the page as `tbl-<slug>-<name>`, and keep its cells.

        Floats are shown to three significant digits; the cells kept in results.json are exact.

        Parameters
        ----------
        frame : DataFrame
            Words in it are shown as they are, letter by letter; Markdown on purpose is `chapter.Markup`.
        name : str
            In kebab-case.
        caption : str
            What it shows, in Markdown. A name from data goes into it through `chapter.plain`.
        """
        _check_name(name, r"[a-z0-9]+(-[a-z0-9]+)*", "kebab-case")
        _check_text(name, caption=caption)
        if name in self._tables:
            raise ChapterError(f"table {name} was shown already in this run")
        shown = showing.table_of(frame, caption)
        kept = [[cell.text if isinstance(cell, Markup) else cell for cell in row] for row in shown.rows]
        self._tables[name] = shown.model_copy(update={"rows": kept})
        showing.table(shown, name)

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
        showing.sound(encoded, name, caption)

    def verdicts(self) -> None:
        """Judge the ledger by what was measured, show the verdicts, write results.json.

        Raises
        ------
        ChapterError
            If a cell has set a parameter anew since the run was opened: the record would not say what ran.
        LedgerError
            If the ledger is malformed, or lacks a claim that `missing` named.
        """
        self._require_same_parameters()
        ledger = ledgers.load(project.ledger(self.slug))
        used = record.data_used(ledger)
        absent = [name for name, entry in used.items() if entry.kind == "unavailable"]
        judged = claims.judge_all(ledger, self._measures, profile=self.profile, absent=absent)
        for claim, reason in self._untested.items():
            judged[ledger.claim(claim).id] = claims.Judgement(outcome="not tested", reason=reason)
        showing.verdicts(ledger, judged)
        results_module.write(self._record(judged, used), self.folder / "results.json")
        if self._target is not None:  # plain papermill or Jupyter: nobody else puts the folder in its place
            files.replace_folder(self.folder, self._target)

    def _require_same_parameters(self) -> None:
        moved = parameters.moved(parameters.declared(self.slug), self.parameters, self._namespace)
        if moved:
            raise ChapterError(
                f"since the run was opened, {'; '.join(moved)}, and the record would not say what ran; set "
                "it in the `parameters` cell or with --set, and give what a later cell computes another name"
            )

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
            machine=record.machine(self.device),
            cost=record.cost(self._clock),
            commit=record.commit(),
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
