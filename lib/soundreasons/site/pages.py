"""Pages that nobody edits: scoreboard, verdict boxes, deviations, cost, parameters, data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from soundreasons import claims, files, parameters, project, results, runs
from soundreasons import ledger as ledgers
from soundreasons.data import registry
from soundreasons.markup import code, plain
from soundreasons.media import audio
from soundreasons.site import architecture, contents
from soundreasons.site.edition import Edition, judged, scoreboard_anchor

ORDER: tuple[claims.Verdict, ...] = (
    "reproduced", "contradicted", "inconclusive", "not tested", "illustration",
)  # fmt: skip


def write_all(editions: Sequence[Edition]) -> None:
    """Write everything that the book includes; files that do not change are left alone."""
    parts = contents.load()
    editions = contents.in_order(editions, parts)
    told = {edition.slug: _counts(list(judged(edition, edition.run).values())) for edition in editions}
    rooms = architecture.rooms()
    pages: dict[str, str | bytes] = {
        "papers.md": contents.cards(editions, parts, told),
        "glance.md": glance(editions),
        "scoreboard.md": scoreboard(editions),
        "deviations.md": deviations(editions),
        "cost.md": cost(editions),
        "parameters.md": parameter_tables([edition.slug for edition in editions]),
        "data.md": data_sets(editions),
        "architecture.md": architecture.page(rooms),
        "architecture.png": architecture.picture(rooms),
        "sample.mp3": audio.encode_mp3(audio.chord(), 22050),
    }
    for edition in editions:
        pages[f"verdicts-{edition.slug}.md"] = verdict_box(edition)
        pages[f"cost-{edition.slug}.md"] = cost([edition])
    for name, content in pages.items():
        files.write(project.root() / "book" / "generated" / name, content)


def badge(verdict: str) -> str:
    """A verdict as the site shows it: the word, set off by shape and colour.

    Examples
    --------
    >>> badge("not tested")
    '[not tested]{.verdict .verdict-not-tested}'
    """
    return f"[{verdict}]{{.verdict .verdict-{verdict.replace(' ', '-')}}}"


def _counts(verdicts: Sequence[claims.Judgement]) -> str:
    counted = Counter(judgement.verdict for judgement in verdicts)
    return ", ".join(f"{counted[verdict]} {verdict}" for verdict in ORDER if counted[verdict])


def _run_line(run: results.Results) -> str:
    """Which run this is, in a sentence."""
    if not run.started:
        return f"Profile {run.profile}: the run did not finish."
    seeds = f"seeds {run.seeds[0]} to {run.seeds[-1]}" if len(run.seeds) > 1 else f"seed {run.seeds[0]}"
    used = [name for name, entry in run.data.items() if entry.kind != "unavailable"]
    absent = run.absent()
    lacking = f"; not here: {', '.join(absent)}" if absent else ""
    changed = ", ".join(code(f"{name} = {value!r}") for name, value in sorted(run.changed.items()))
    return (
        f"Profile {run.profile}{f' with {changed}' if changed else ''}, {seeds}, "
        f"on {plain(run.machine.device)} ({plain(run.machine.processor)}, "
        f"{run.machine.threads} of {run.machine.cores} cores), "
        f"{run.started[:10]}{f', commit `{run.commit}`' if run.commit else ''}. "
        f"Data: {', '.join(used) or 'none'}{lacking}."
    )


def verdict_box(edition: Edition) -> str:
    """The box that a chapter opens with.

    A claim's line holds its verdict, its sentence, and how its checks came out.
    """
    if edition.failure:
        return _failure_box(edition.failure)
    verdicts = judged(edition, edition.run)
    lines = [_box_line(edition.slug, claim, verdicts[claim.id]) for claim in edition.ledger.claims]
    return "\n".join([
        ":::{admonition} What held, and what did not, in this run",
        ":class: verdict-box",
        "",
        f"{_counts(list(verdicts.values()))}.",
        "",
        *lines,
        "",
        _run_line(edition.run),
        ":::",
        "",
    ])  # fmt: skip


def _failure_box(failure: runs.Failure) -> str:
    """What a chapter opens with when its run failed: where, why, and the traceback, folded."""
    place = f"It stopped in code cell {failure.cell}" if failure.cell else "It did not come to its end"
    lines = [
        "::::{admonition} This chapter failed in this build",
        ":class: error failed-run",
        "",
        f"{place}. What it had shown until then follows; numbers in the prose are the reference edition's.",
        "",
        *_verbatim(failure.error),
    ]
    if failure.traceback:
        lines += ["", ":::{dropdown} How it stopped", *_verbatim(failure.traceback), ":::"]
    return "\n".join([*lines, "::::", ""])


def _verbatim(text: str) -> list[str]:
    """Text that no markup is read from, whatever it holds."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return [f"{fence}text", *text.splitlines(), fence]


def _box_line(slug: str, claim: ledgers.Claim, judgement: claims.Judgement) -> str:
    link = f"[{claim.id}](#{scoreboard_anchor(slug, claim.id)})"
    return f"- {badge(judgement.verdict)} {link} {_line(claim.claim)} *({plain(judgement.reason)})*"


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, [":--"] * len(header), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def glance(editions: Sequence[Edition]) -> str:
    """Every claim as one mark that leads to it, a line a chapter: what holds, seen from afar."""
    every = [judgement for edition in editions for judgement in judged(edition, edition.run).values()]
    lines = [f"This build, {len(every)} claims: {_counts(every)}.", ""]
    for edition in editions:
        verdicts = judged(edition, edition.run)
        marks = [
            f"{{mark}}`{edition.slug}:{name} {judgement.verdict}`" for name, judgement in verdicts.items()
        ]
        lines += [":::{div} glance", f"{{doc}}`chapters/{edition.slug}`", "", " ".join(marks), ":::", ""]
    return "\n".join(lines)


def scoreboard(editions: Sequence[Edition]) -> str:
    """Every claim of every paper: theirs, ours in the committed edition, ours in this build."""
    parts = []
    for edition in editions:
        parts.append(f"## {edition.ledger.title}\n")
        parts.append(f"{_run_line(edition.run)} The chapter: {{doc}}`chapters/{edition.slug}`.\n")
        parts.append(_summary(edition))
        parts += [_claim_section(edition, claim) for claim in edition.ledger.claims]
    return "\n".join(parts)


def _summary(edition: Edition) -> str:
    build = judged(edition, edition.run)
    reference = judged(edition, edition.reference) if edition.reference else {}
    rows = [
        [
            f"[{claim.id}](#{scoreboard_anchor(edition.slug, claim.id)})",
            claim.claim,
            badge(reference[claim.id].verdict) if claim.id in reference else "none committed",
            badge(build[claim.id].verdict),
        ]
        for claim in edition.ledger.claims
    ]
    return _table(["claim", "in our words", "reference edition", "this build"], rows)


def _claim_section(edition: Edition, claim: ledgers.Claim) -> str:
    build = judged(edition, edition.run)[claim.id]
    reference = judged(edition, edition.reference)[claim.id] if edition.reference else None
    lines = [
        f"({scoreboard_anchor(edition.slug, claim.id)})=",
        f"### {claim.id}: {badge(build.verdict)}\n",
        f"{_line(claim.claim)}\n",
        f"- In the paper: {_line(claim.where)}.",
        *(f"- Reported: {_reported(value)}" for value in claim.reported),
        f"- Rule: {_line(claim.why_rule)}",
        f"- This build: {plain(build.reason)}.",
        *(
            [f"- Reference edition: {badge(reference.verdict)}, {plain(reference.reason)}."]
            if reference
            else []
        ),
        "",
    ]
    if build.parts:
        rows = [[code(part.rule), plain(part.shown), badge(part.verdict)] for part in build.parts]
        lines.append(_folded("Its checks in this build", _table(["rule", "measured", "verdict"], rows)))
    return "\n".join(lines)


def _folded(title: str, body: str) -> str:
    return f":::{{dropdown}} {title}\n{body}:::\n"


def _reported(value: ledgers.Reported) -> str:
    kind = value.provenance
    mark = f"[{ledgers.PROVENANCE[kind].label}]{{.provenance .provenance-{kind}}}"
    place = f", {value.where}" if value.where else ""
    return f"{value.text()} {mark}: {_line(value.what)}{place}."


def deviations(editions: Sequence[Edition]) -> str:
    """What differs from each paper's experiment, why, and which way it should push."""
    parts = []
    for edition in editions:
        parts.append(f"## {edition.ledger.title}\n")
        rows = [
            [f"[{claim.id}](#{scoreboard_anchor(edition.slug, claim.id)})", d.what, d.why, d.pushes]
            for claim in edition.ledger.claims
            for d in claim.deviations
        ]
        parts.append(_table(["claim", "what differs", "why", "which way it pushes"], rows))
    return "\n".join(parts)


def cost(editions: Sequence[Edition]) -> str:
    """Time, processor time and memory of each run, and of the committed reference."""
    rows = []
    for edition in editions:
        if edition.failure is None:
            rows.append([f"{edition.slug}, this build", *_cost_cells(edition.run)])
        if edition.reference:
            rows.append([f"{edition.slug}, reference edition", *_cost_cells(edition.reference)])
    return _table(["run", "profile", "clock", "processor", "memory at the peak", "machine"], rows)


def _cost_cells(run: results.Results) -> list[str]:
    machine = run.machine
    return [
        run.profile,
        _minutes(run.cost.seconds),
        _minutes(run.cost.cpu_seconds),
        f"{run.cost.peak_memory_bytes / 2**30:.1f} GB",
        f"{plain(machine.device)}, {plain(machine.processor)}, {machine.threads} of {machine.cores} cores",
    ]


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def parameter_tables(slugs: Sequence[str]) -> str:
    """Every parameter of every chapter, in all profiles."""
    return "\n".join(f"### `{slug}`\n\n{_parameter_table(slug)}" for slug in slugs)


def _parameter_table(slug: str) -> str:
    has = [
        profile
        for profile in project.PROFILES
        if profile == "laptop" or project.profile_file(slug, profile).is_file()
    ]
    values = {profile: parameters.profile_values(slug, profile) for profile in has}
    rows = [
        [
            f"`{name}`", f"{parameter.help}{f' ({code(parameter.allowed)})' if parameter.allowed else ''}",
            *(_setting(values[profile][name]) for profile in has),
        ]
        for name, parameter in parameters.declared(slug).items()
        if name != "out"
    ]  # fmt: skip
    return _table(["parameter", "what it is", *has], rows)


def _setting(value: Any) -> str:
    entries = value if isinstance(value, list) else [value]
    return " ".join(map(code, entries)) or "none"


def data_sets(editions: Sequence[Edition]) -> str:
    """Every entry of the registry: what it is, who may do what with it, where it comes from."""
    users: dict[str, list[str]] = {}
    for edition in editions:
        for name in sorted(claims.data_named(edition.ledger) | edition.run.data.keys()):
            users.setdefault(name, []).append(edition.slug)
    entries = registry.load().values()
    return "\n".join(_data_section(entry, users.get(entry.name, [])) for entry in entries)


def _data_section(entry: registry.Entry, users: Sequence[str]) -> str:
    tables = [
        f"{name}: {f'{pin.rows:,} ' if pin.rows is not None else ''}rows of {', '.join(pin.columns)}"
        for name, pin in entry.tables.items()
    ]
    checked = (
        "to the last cell or byte" if entry.is_verified else "by its counts only: nobody here saw the bytes"
    )
    rows = [
        ["kind", entry.kind],
        ["licence", plain(entry.licence)],
        ["may be shown", plain(entry.may_show)],
        ["cite", f"{{cite:t}}`{entry.citation}`"],
        ["edition", plain(entry.version)],
        ["holds", "; ".join(tables) or f"{len(entry.file_names)} files"],
        ["checked", checked],
        ["sources, in order", ", ".join(code(source.label) for source in entry.sources)],
        ["used by", ", ".join(f"{{doc}}`chapters/{slug}`" for slug in users) or "no chapter yet"],
    ]
    return f"## {plain(entry.title)}\n\n`{entry.name}`\n\n{_table(['what', 'here'], rows)}"
