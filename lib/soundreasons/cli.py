"""The command line: soundreasons book | run | check | compare | try | judge | freeze | publish | new | data."""

from __future__ import annotations

import errno
import importlib
import inspect
import io
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import rich.markup
import typer
from rich.console import Console
from rich.table import Table

from soundreasons.given import as_path, shortened

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Rerun, check and compare the chapters of Sound Reasons.",
)  # fmt: skip
data_app = typer.Typer(no_args_is_help=True, help="Data sets and models: what there is, what is here.")
app.add_typer(data_app, name="data")
console = Console()

Chapter = Annotated[str, typer.Argument(help="A chapter, e.g. spiky_svd")]
Profile = Annotated[str, typer.Option(help="smoke, laptop or paper")]
Names = Annotated[
    list[str] | None, typer.Argument(help="Names from `soundreasons data list`; all if left out")
]


# What the system says when something cannot be written, whoever asked for it.
_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.EISDIR}
ELSEWHERE = "set --out, SOUNDREASONS_RUNS or SOUNDREASONS_DATA to a folder where you may write"


def main() -> None:
    """Run the command line; what a user got wrong is one line, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal of few letters shows the others by their codes
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except ValueError as error:
        _fail(str(error))
    except OSError as error:
        _fail(_trouble(error))
    except KeyboardInterrupt:
        _fail("interrupted; what was finished is kept")


def _trouble(error: OSError) -> str:
    """What the system refused; with a way out where it was to write."""
    said = str(error) or type(error).__name__
    if error.errno in _FULL:
        return f"{said}: the disk is full; free some of it, or {ELSEWHERE}"
    return f"{said}; {ELSEWHERE}" if error.errno == errno.EROFS or _is_of_writing(error) else said


def _is_of_writing(error: OSError) -> bool:
    """Whether a refusal must have been about writing: what it names can be read, or its folder be entered."""
    if error.errno not in _REFUSED or not isinstance(error.filename, str | os.PathLike):
        return False
    path = Path(os.path.abspath(error.filename))
    nearest = next(place for place in (path, *path.parents) if os.path.lexists(place))
    if nearest == path:
        return os.access(path, os.R_OK)
    return not nearest.is_dir() or (os.access(nearest, os.X_OK) and not os.access(nearest, os.W_OK))


def _fail(message: str) -> None:
    Console(stderr=True, soft_wrap=True).print(f"error: {message}", style="bold red", markup=False)
    sys.exit(1)


def _print_table(columns: list[str], rows: list[list[str]]) -> None:
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(rich.markup.escape, row))
    console.print(table)


def _settings(chapter: str, given: list[str]) -> dict[str, Any]:
    """Read name=value pairs by what the chapter declares: 3 and 1e-4 are numbers, [a, b] is a list."""
    from soundreasons import parameters, project

    project.require_chapter(chapter)
    declared = parameters.declared(chapter)
    settings = {}
    for pair in given:
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not name:
            raise ValueError(f"--set {pair!r}: expected name=value")
        if name == "out":
            raise ValueError(
                f"--set {pair!r}: out is where a run works until it has finished; to keep runs elsewhere, "
                "set SOUNDREASONS_RUNS to a folder"
            )
        try:
            settings[name] = parameters.read(value, declared[name].type if name in declared else "")
        except parameters.ParameterError as error:
            raise ValueError(f"--set {shortened(pair)}: {error}") from None
    return settings


@app.command()
def run(
    chapter: Chapter,
    profile: Profile = "laptop",
    set_: Annotated[list[str] | None, typer.Option("--set", help="name=value, may be repeated")] = None,
    threads: Annotated[int, typer.Option(help="Threads of the numerical libraries")] = 1,
    parameters: Annotated[
        bool, typer.Option("--parameters", help="List the parameters, run nothing")
    ] = False,
) -> None:
    """Run a chapter and keep its notebook, figures and results.json."""
    from soundreasons import runner

    if parameters:
        _list_parameters(chapter)
        return
    try:
        folder = runner.run(chapter, profile, _settings(chapter, set_ or []), threads=threads, report=_say)
    except runner.RunError as error:
        _fail(str(error))
    _say(f"{chapter}: done, in {_near(folder)}")


def _say(message: str) -> None:
    print(message, flush=True)


def _near(path: Path) -> str:
    """Path as seen from here, where that is shorter."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _list_parameters(chapter: str) -> None:
    from soundreasons import parameters, project

    project.require_chapter(chapter)
    rows = [
        [name, parameter.type, repr(parameter.default), parameter.allowed, parameter.help]
        for name, parameter in parameters.declared(chapter).items()
    ]
    _print_table(["name", "type", "laptop", "allowed", "what it is"], rows)


@app.command()
def check(
    profile: Annotated[str, typer.Option(help="Profile of the committed results")] = "laptop",
) -> None:
    """Say which committed results are stale, and what changed since."""
    from soundreasons import project
    from soundreasons.naming import unknown
    from soundreasons.site import reference

    if profile not in project.PROFILES:
        raise ValueError(unknown("profile", profile, project.PROFILES))
    stale = False
    for slug in project.slugs():
        state = reference.state(slug, profile)
        stale |= not state.is_fresh
        _say(f"{slug}: {state.text}")
    if stale:
        _fail("stale or missing results; rerun with `make book`, then `make publish`")


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="A results.json")],
    second: Annotated[Path, typer.Argument(help="Another, of the same chapter")],
) -> None:
    """Lay two runs side by side; exit 1 if they disagree beyond their intervals."""
    from soundreasons import results

    runs = results.read(first), results.read(second)
    rows = results.compare(*runs)
    for name, values in results.settings_apart(*runs).items():
        _say(f"not the same experiment: {name} is {values[0]!r} in the first and {values[1]!r} in the second")
    _print_table(
        ["measure", "first", "second", "difference", ""],
        [[r.measure, r.first, r.second, r.difference, r.how] for r in rows],
    )
    apart = [row.measure for row in rows if not row.agrees]
    alone = [row.measure for row in rows if not row.is_shared]
    if apart:
        _fail(f"{len(apart)} of {len(rows)} measures disagree: {', '.join(apart)}")
    if len(alone) == len(rows):
        _fail("the two runs share no measure, so nothing was compared")
    lone = f"; {len(alone)} stand in one run only: {', '.join(alone)}" if alone else ""
    _say(f"{len(rows) - len(alone)} measures compared, none disagrees{lone}")


@app.command("try")
def try_(
    chapter: Chapter,
    subject: Annotated[str, typer.Argument(help="A file of your own, or a text")],
    out: Annotated[Path | None, typer.Option(help="Folder for pictures")] = None,
) -> None:
    """Try a chapter's method on something of your own."""
    from soundreasons import project

    project.require_chapter(chapter)
    if as_path(subject) is None and not _is_text(subject):
        raise ValueError("this text holds bytes that are no UTF-8; write it anew, or put it into a text file")
    name = f"soundreasons.papers.{chapter}.trial"
    try:
        trial = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not name.startswith(str(error.name)):  # something that the trial itself needs
            raise
        raise ValueError(f"{chapter} has nothing to try on input of your own") from None
    # A trial that takes its time says what it does meanwhile.
    told = {"report": _say} if "report" in inspect.signature(trial.run).parameters else {}
    _say(trial.run(subject, out, **told))


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


@app.command()
def student(
    chapter: Chapter,
    out: Annotated[Path | None, typer.Option(help="Notebook to write, if not _build/student/…")] = None,
) -> None:
    """Write a chapter for a class: its exercises without their solutions, a place for each answer."""
    from soundreasons import workbook

    _say(f"wrote {_near(workbook.write(chapter, out))}")


@app.command()
def book(
    profile: Profile = "laptop",
    cores: Annotated[str, typer.Option(help="Chapters run side by side: a number, or all")] = "all",
) -> None:
    """Fetch data, run what changed, render the site; what `make book` does."""
    from soundreasons import book as maker

    try:
        page = maker.make(profile, cores=cores, report=_say)
    except maker.BookError as error:
        _fail(str(error))
    _say(f"open {_near(page)}, or `make serve`")


@app.command()
def site(
    profile: Annotated[str | None, typer.Option(help="Whose runs to show; the last ones if left out")] = None,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="Show a chapter that has no run as one that failed")
    ] = False,
) -> None:
    """Render what was run as a site; exit 1 if a chapter is shown as failed."""
    from soundreasons import stale
    from soundreasons.site import build

    try:
        failed = build.build(profile, as_is=as_is, report=_say)
    except build.BuildError as error:
        _fail(str(error))
    _say(f"open {_near(stale.first_page())}, or `make serve`")
    if failed:
        _fail("; ".join(f"{slug}: {failure.error}" for slug, failure in failed.items()))


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free")] = 8000,
) -> None:
    """Read the built site in a browser on this machine."""
    from soundreasons.site import serving

    serving.serve(port, report=_say)


@app.command()
def publish(
    chapters: Annotated[list[str] | None, typer.Argument(help="Chapters; all if left out")] = None,
) -> None:
    """Make the last laptop runs the committed reference, if every one is complete and fresh."""
    from soundreasons.site import reference

    for path in reference.publish(chapters or None):
        _say(f"wrote {_near(path)}")


@app.command()
def new(
    slug: Annotated[str, typer.Argument(help="Its one name, e.g. spiky_svd")],
    title: Annotated[str, typer.Option(help="Title of the paper")],
    part: Annotated[str, typer.Option(help='Part of the book, e.g. "Part III"')],
) -> None:
    """Begin a chapter: its notebook, package, ledger, profiles and tests, with an example that runs."""
    from soundreasons import scaffold

    for path in scaffold.new(slug, title, part):
        _say(f"wrote {_near(path)}")
    _say(
        f"now: soundreasons run {slug}; soundreasons publish {slug}; make check CHAPTER={slug}; "
        "CONTRIBUTING.md goes on"
    )


@app.command()
def judge(
    chapters: Annotated[list[str] | None, typer.Argument(help="Chapters; all if left out")] = None,
) -> None:
    """Judge the committed results anew, by the ledgers as they are today; nothing is run."""
    from soundreasons import project
    from soundreasons.site import reference

    for slug in chapters or project.slugs():
        project.require_chapter(slug)
        judged = reference.judge_again(slug)
        rows = [[name, one.words, one.tier or "-", one.reason] for name, one in judged.items()]
        _say(f"{slug}:")
        _print_table(["claim", "outcome", "by", "why"], rows)


@app.command()
def freeze(chapter: Chapter) -> None:
    """Write down the rules of a chapter's claims, and whether anything had been measured by them yet."""
    from soundreasons import freezing

    _say(f"wrote {_near(freezing.freeze(chapter))}")
    rules = freezing.read(chapter).rules
    seen = sum(bool(rule.seen) for rule in rules.values())
    _say(f"{len(rules)} rules, {seen} of them exploratory: a committed run had measured what they judge")


@data_app.command("list")
def data_list() -> None:
    """What there is, and whether it is on this machine."""
    from soundreasons import data

    rows = [
        [r["name"], "here" if r["here"] else "-", r["kind"], r["licence"][:40], r["title"]]
        for r in data.listing()
    ]
    _print_table(["name", "", "kind", "licence", "title"], rows)


@data_app.command("fetch")
def data_fetch(
    names: Names = None,
    profile: Annotated[
        str | None, typer.Option(help="Instead of names: what the chapters of a profile need")
    ] = None,
    missing_ok: Annotated[bool, typer.Option(help="Exit 0 though something could not be had")] = False,
    force: Annotated[bool, typer.Option("--force", help="Fetch again, though a right copy is here")] = False,
) -> None:
    """Bring data to this machine; the only command that asks the network."""
    from soundreasons import data, stale

    if names and profile:
        raise ValueError(f"--profile {profile} was given beside {', '.join(names)}; give names or a profile")
    outcomes = data.fetch(
        stale.data_names(profile) if profile else names or None,
        report=lambda name, message: _say(f"  {name}: {message}"),
        force=force,
        strict=False,
    )
    _outcomes(outcomes, fail=not missing_ok)
    if profile:
        stale.note_data(profile)


@data_app.command("verify")
def data_verify(names: Names = None) -> None:
    """Check every byte and row of what is here."""
    from soundreasons import data

    _outcomes(data.verify(names or None, report=_report, strict=False), fail=True)


@data_app.command("where")
def data_where(names: Names = None) -> None:
    """Where the files of each entry lie."""
    from soundreasons import data

    _print_table(["name", "path"], [[r["name"], r["path"]] for r in data.where(names or None)])


@data_app.command("export")
def data_export(
    folder: Annotated[Path, typer.Argument(help="Folder to fill; then SOUNDREASONS_MIRROR for a class")],
    names: Names = None,
) -> None:
    """Fill a folder that serves as mirror for machines without network."""
    from soundreasons import data

    _outcomes(data.export(folder, names or None, report=_report, strict=False), fail=True)


def _report(name: str, message: str) -> None:
    _say(f"{name}: {message}")


def _outcomes(outcomes: list[Any], *, fail: bool) -> None:
    """Name what could not be had or was refused, with the reason; exit 1 if that matters."""
    bad = [row for row in outcomes if row["status"] in ("refused", "absent")]
    for row in bad:
        _say(f"{row['name']}: {row['status']}: {row['message']}")
    if bad:
        message = f"{len(bad)} of {len(outcomes)} not here: {', '.join(row['name'] for row in bad)}"
        if fail:
            _fail(message)
        _say(f"{message}; the chapters say which claims then go untested")


if __name__ == "__main__":
    main()
