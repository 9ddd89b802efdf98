"""Pages that nobody edits: scoreboard, outcomes, deviations, cost, parameters, data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from soundreasons import claims, files, parameters, project, results
from soundreasons.data import registry
from soundreasons.markup import code, plain
from soundreasons.media import audio
from soundreasons.site import architecture, contents, outcomes
from soundreasons.site.edition import Edition, scoreboard_anchor
from soundreasons.site.writing import table


def write_all(editions: Sequence[Edition]) -> None:
    """Write everything that the book includes; files that do not change are left alone."""
    parts = contents.load()
    editions = contents.in_order(editions, parts)
    told = {edition.slug: outcomes.headline(edition) for edition in editions}
    rooms = architecture.rooms()
    pages: dict[str, str | bytes] = {
        "papers.md": contents.cards(editions, parts, told),
        "glance.md": outcomes.glance(editions),
        "scoreboard.md": outcomes.scoreboard(editions),
        "authors.md": outcomes.to_the_authors(editions),
        "scoreboard.json": outcomes.as_json(editions),
        "deviations.md": deviations(editions),
        "cost.md": cost(editions),
        "parameters.md": parameter_tables([edition.slug for edition in editions]),
        "data.md": data_sets(editions),
        "architecture.md": architecture.page(rooms),
        "architecture.png": architecture.picture(rooms),
        "sample.mp3": audio.encode_mp3(audio.chord(), 22050),
    }
    for edition in editions:
        pages[f"verdicts-{edition.slug}.md"] = outcomes.box(edition)
        pages[f"cost-{edition.slug}.md"] = cost([edition])
    for name, content in pages.items():
        files.write(project.root() / "book" / "generated" / name, content)


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
        parts.append(table(["claim", "what differs", "why", "which way it pushes"], rows))
    return "\n".join(parts)


def cost(editions: Sequence[Edition]) -> str:
    """Time, processor time and memory of each run, and of the committed reference."""
    rows = []
    for edition in editions:
        if edition.failure is None:
            rows.append([f"{edition.slug}, this build", *_cost_cells(edition.run)])
        if edition.reference:
            rows.append([f"{edition.slug}, reference edition", *_cost_cells(edition.reference)])
    return table(["run", "profile", "clock", "processor", "memory at the peak", "machine"], rows)


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
    return table(["parameter", "what it is", *has], rows)


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
    return f"## {plain(entry.title)}\n\n`{entry.name}`\n\n{table(['what', 'here'], rows)}"
