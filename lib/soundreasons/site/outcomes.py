"""What a page shows of the ledger: badges, the box that a chapter opens with, the scoreboard.

Two things stand beside each claim: what came out, and how close to the paper the evidence was. The headline
counts sentences of the papers; what we read into them, and what is ours, is counted apart.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from soundreasons import claims, freezing, runs
from soundreasons import ledger as ledgers
from soundreasons.claims import OUTCOMES, Judgement
from soundreasons.markup import code, plain
from soundreasons.site.edition import Edition, judged, scoreboard_anchor
from soundreasons.site.writing import folded, one_line, run_line, table

PAPER, OTHERS = ("paper",), ("reading", "ours")
_KINDS = {"paper": "the paper's sentence", "reading": "our reading", "ours": "ours"}


def badge(judgement: Judgement) -> str:
    """An outcome as the site shows it: words, set off by shape and colour.

    Examples
    --------
    >>> badge(Judgement(outcome="not tested", reason=""))
    '[not tested]{.verdict .verdict-not-tested}'
    """
    return f"[{judgement.words}]{{.verdict .verdict-{judgement.outcome.replace(' ', '-')}}}"


def closeness(judgement: Judgement) -> str:
    """By what kind of evidence, as the site shows it; nothing where nothing was tested.

    Examples
    --------
    >>> closeness(Judgement(outcome="undecided", reason="", tier="same data"))
    '[same data]{.closeness .closeness-2}'
    """
    if judgement.tier is None:
        return ""
    return f"[{judgement.tier}]{{.closeness .closeness-{list(ledgers.TIERS).index(judgement.tier) + 1}}}"


def badges(claim: ledgers.Claim, judgement: Judgement, lock: freezing.Lock) -> str:
    """Outcome, closeness, and whether the rule was set after its data had been seen."""
    parts = [badge(judgement), closeness(judgement)]
    if judgement.tier and freezing.state(claim, judgement.tier, lock) == "exploratory":
        parts.append("[exploratory]{.exploratory}")
    if judgement.is_favoured:
        parts.append("[favoured by our set-up]{.exploratory}")
    return " ".join(filter(None, parts))


def counts(judgements: Iterable[Judgement]) -> str:
    """How many came out how, in words.

    Examples
    --------
    >>> counts([Judgement(outcome="supported", reason=""), Judgement(outcome="undecided", reason="")])
    '1 supported, 1 undecided'
    """
    counted = Counter(judgement.outcome for judgement in judgements)
    return ", ".join(f"{counted[outcome]} {outcome}" for outcome in OUTCOMES if counted[outcome])


def headline(edition: Edition) -> str:
    """Outcomes of a chapter's sentences of the paper, in words."""
    found = judged(edition, edition.run)
    papers = [found[claim.id] for claim in _of(edition, PAPER)]
    return counts(papers) or "no sentence of the paper itself is judged"


def _of(edition: Edition, kinds: Sequence[str]) -> list[ledgers.Claim]:
    return [claim for claim in edition.ledger.claims if claim.kind in kinds]


# -- the box that a chapter opens with -------------------------------------------------------------


def box(edition: Edition) -> str:
    """Write the box that a chapter opens with: the paper's sentences, then what we read into it, folded."""
    if edition.failure:
        return _failure_box(edition.failure)
    found, lock = judged(edition, edition.run), freezing.read(edition.slug)
    papers, others = _of(edition, PAPER), _of(edition, OTHERS)
    lines = [
        "::::{admonition} What the paper says, and what came out here",
        ":class: verdict-box",
        "",
        f"{_sentences(len(papers))}: {headline(edition)}.",
        "",
        *(_entry(edition.slug, claim, found[claim.id], lock) for claim in papers),
        "",
    ]
    if others:
        told = counts(found[claim.id] for claim in others)
        rows = [_entry(edition.slug, claim, found[claim.id], lock) for claim in others]
        lines += [f":::{{dropdown}} Our readings and extensions: {told}", *rows, ":::", ""]
    return "\n".join([*lines, run_line(edition.run), "::::", ""])


def _sentences(n: int) -> str:
    return f"{n} sentence{'s' if n != 1 else ''} of the paper"


def _entry(slug: str, claim: ledgers.Claim, judgement: Judgement, lock: freezing.Lock) -> str:
    link = f"[{claim.id}](#{scoreboard_anchor(slug, claim.id)})"
    parts = [f"- {badges(claim, judgement, lock)} {link} {one_line(claim.claim)}"]
    told = plain(judgement.reason)
    if judgement.decisive:
        told = f"{plain(judgement.decisive)}{_beside(claim, judgement)}; {told}"
    parts.append(f"  *{told}.*")
    if claim.mind and judgement.tier:
        parts.append(f"  What would change our mind: {one_line(claim.mind)}")
    return " \\\n".join(parts)


def _beside(claim: ledgers.Claim, judgement: Judgement) -> str:
    """Write the reported value that the deciding number stands next to."""
    name = next((each.beside for each in claim.families if each.tier == judgement.tier), "")
    value = next((each for each in claim.reported if each.id == name), None)
    return (
        f" (reported: {plain(value.text())}, {ledgers.PROVENANCE[value.provenance].label})" if value else ""
    )


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


# -- all chapters ----------------------------------------------------------------------------------


def matrix(editions: Sequence[Edition], kinds: Sequence[str] = PAPER) -> str:
    """Write outcome by closeness, the claims in the cells."""
    cells: dict[tuple[str, str], list[str]] = {}
    for edition in editions:
        for name, judgement in judged(edition, edition.run).items():
            if edition.ledger.claim(name).kind in kinds:
                mark = f"{{mark}}`{edition.slug}:{name} {judgement.outcome}`"
                cells.setdefault((judgement.outcome, judgement.tier or ""), []).append(mark)
    tiers = [tier for tier in ("", *ledgers.TIERS) if any(key[1] == tier for key in cells)]
    tiers = [*(tier for tier in tiers if tier), *(tier for tier in tiers if not tier)]
    rows = [
        [outcome, *(" ".join(cells.get((outcome, tier), ["–"])) for tier in tiers)]
        for outcome in OUTCOMES
        if any(key[0] == outcome for key in cells)
    ]
    return table(["outcome", *(tier or "no evidence here" for tier in tiers)], rows)


def glance(editions: Sequence[Edition]) -> str:
    """Write the headline and the matrix of the papers' sentences, then a line a chapter."""
    every = [judged(edition, edition.run)[claim.id] for edition in editions for claim in _of(edition, PAPER)]
    lines = [f"This build, {_sentences(len(every)).replace('paper', 'papers')}: {counts(every)}.", ""]
    for edition in editions:
        found = judged(edition, edition.run)
        marks = [
            f"{{mark}}`{edition.slug}:{claim.id} {found[claim.id].outcome}`" for claim in _of(edition, PAPER)
        ]
        told = " ".join(marks) or "no sentence of its own: what we read into it stands in the chapter"
        lines += [":::{div} glance", f"{{doc}}`chapters/{edition.slug}`", "", told, ":::", ""]
    return "\n".join(lines)


def scoreboard(editions: Sequence[Edition]) -> str:
    """Write every claim of every paper: theirs, ours in the committed edition, ours in this build."""
    parts = [
        "## What the papers say\n",
        matrix(editions),
        "## What we read into them, and what is ours\n",
        matrix(editions, OTHERS),
    ]
    for edition in editions:
        parts.append(f"## {edition.ledger.title}\n")
        parts.append(f"{run_line(edition.run)} The chapter: {{doc}}`chapters/{edition.slug}`.\n")
        parts.append(_summary(edition))
        parts += [_claim_section(edition, claim) for claim in edition.ledger.claims]
    return "\n".join(parts)


def _summary(edition: Edition) -> str:
    build = judged(edition, edition.run)
    reference = judged(edition, edition.reference) if edition.reference else {}
    rows = [
        [
            f"[{claim.id}](#{scoreboard_anchor(edition.slug, claim.id)})",
            _KINDS[claim.kind],
            claim.claim,
            badge(reference[claim.id]) if claim.id in reference else "none committed",
            f"{badge(build[claim.id])} {closeness(build[claim.id])}",
        ]
        for claim in edition.ledger.claims
    ]
    return table(["claim", "whose", "in our words", "reference edition", "this build"], rows)


def _claim_section(edition: Edition, claim: ledgers.Claim) -> str:
    build = judged(edition, edition.run)[claim.id]
    lock = freezing.read(edition.slug)
    lines = [
        f"({scoreboard_anchor(edition.slug, claim.id)})=",
        f"### {claim.id}: {badges(claim, build, lock)}\n",
        f"{one_line(claim.claim)}\n",
        f"- Whose: {ledgers.KINDS[claim.kind]}. Where: {one_line(claim.where)}. {_known(claim)}",
        *(f"- Reported: {reported(value)}" for value in claim.reported),
        f"- This build: {plain(build.reason)}.",
    ]
    if edition.reference:
        reference = judged(edition, edition.reference)[claim.id]
        lines.append(f"- Reference edition: {badge(reference)}, {plain(reference.reason)}.")
    if claim.mind:
        lines.append(f"- What would change our mind: {one_line(claim.mind)}")
    lines.append("")
    lines += [_family(claim, family, lock) for family in claim.families]
    if build.parts:
        lines.append(folded("Its checks in this build", _parts(build.parts)))
    shown = _illustrated(edition, claim)
    if shown:
        lines.append(folded("Shown beside it, not counted", shown))
    return "\n".join(lines)


def _known(claim: ledgers.Claim) -> str:
    if claim.known == "inferred":
        return "How we know it: it is inferred; nobody here read such a sentence."
    return f"How we know it: {ledgers.PROVENANCE[claim.known].meaning}."


def _family(claim: ledgers.Claim, family: ledgers.Family, lock: freezing.Lock) -> str:
    rule = lock.rules.get(freezing.name_of(claim, family))
    when = "never frozen" if rule is None else f"frozen on {rule.date}"
    if rule and rule.seen:
        when += f", after a run had measured it ({rule.seen})"
    if rule and rule.replaced:
        when += f", in place of {len(rule.replaced)} earlier"
    control = family.control.none or f"{family.control.what}: must not pass"
    rows = [
        ["what it measures", one_line(family.what)],
        ["unit", f"{family.unit}{f', {family.n_units:,}' if family.n_units else ''}"],
        ["the sentence says", {"all": "of all", "any": "of some", "most": "of most"}[family.quantifier]],
        ["bar, and why", one_line(family.margin)],
        [
            "what differs pushes",
            f"{family.bias.pushes}{f': {one_line(family.bias.why)}' if family.bias.why else ''}",
        ],
        ["control", one_line(control)],
        ["rule", when],
    ]
    return folded(f"How {family.tier} would decide", table(["", "here"], rows))


def _parts(parts: Sequence[claims.Part]) -> str:
    rows = [
        [
            f"control: {code(part.rule)}" if part.is_control else code(part.rule),
            plain(part.shown),
            part.tier,
            "–" if part.n_units is None else f"{part.n_units:,}",
            "–" if part.passes is None else f"{part.passes:.3f} / {part.fails:.3f}",
            part.outcome,
        ]
        for part in parts
    ]
    return table(["rule", "measured", "by", "units", "p (passes / fails)", "alone"], rows)


def _illustrated(edition: Edition, claim: ledgers.Claim) -> str:
    measured = edition.run.measures
    rows = [
        [
            code(name),
            plain(measured[name].text()) if name in measured else "not measured",
            one_line(each.reason),
        ]
        for each in claim.illustrated()
        for name in each.measures
    ]
    return table(["measure", "here", "why it does not count"], rows) if rows else ""


def to_the_authors(editions: Sequence[Edition]) -> str:
    """Write, paper by paper, the outcomes that its authors should look at first, and why."""
    parts = []
    for edition in editions:
        found = judged(edition, edition.run)
        rows = [
            [
                f"[{claim.id}](#{scoreboard_anchor(edition.slug, claim.id)})",
                claim.claim,
                badge(found[claim.id]),
                "; ".join(why),
            ]
            for claim in _of(edition, PAPER)
            if (why := _doubts(claim, found[claim.id]))
        ]
        parts.append(f"### {edition.ledger.title}\n")
        parts.append(
            table(["claim", "in our words", "came out", "please look, since"], rows)
            if rows
            else "Nothing in particular; every sentence may still be wrong.\n"
        )
    return "\n".join(parts)


def _doubts(claim: ledgers.Claim, judgement: Judgement) -> list[str]:
    """Say why the authors of a sentence should look at it."""
    return [
        *(["we do not see it"] if judgement.outcome == "not supported" else []),
        *(
            [f"only {judgement.n_passing} of {judgement.n_checks} checks"]
            if judgement.outcome == "partly supported"
            else []
        ),
        *(["we only recall the sentence"] if claim.known == "recalled" else []),
        *(["a file of yours would decide it"] if judgement.outcome == "not tested" else []),
    ]


def reported(value: ledgers.Reported) -> str:
    """Write a value that somebody reported, with its mark."""
    kind = value.provenance
    mark = f"[{ledgers.PROVENANCE[kind].label}]{{.provenance .provenance-{kind}}}"
    place = f", {value.where}" if value.where else ""
    return f"{value.text()} {mark}: {one_line(value.what)}{place}."


def as_json(editions: Sequence[Edition]) -> str:
    """Write the scoreboard for programs: both sides of every outcome, in this build and the reference."""
    rows: list[dict[str, Any]] = []
    for edition in editions:
        build, lock = judged(edition, edition.run), freezing.read(edition.slug)
        reference = judged(edition, edition.reference) if edition.reference else {}
        for claim in edition.ledger.claims:
            one = build[claim.id]
            rows.append(
                {
                    "paper": edition.slug,
                    "claim": claim.id,
                    "kind": claim.kind,
                    "sentence": one_line(claim.claim),
                    "known": claim.known,
                    "outcome": one.outcome,
                    "words": one.words,
                    "closeness": one.tier,
                    "passing": one.n_passing,
                    "checks": one.n_checks,
                    "decisive": one.decisive,
                    "reason": one.reason,
                    "rules": freezing.state(claim, one.tier, lock) if one.tier else None,
                    "profile": edition.run.profile,
                    "reference": reference[claim.id].words if claim.id in reference else None,
                }
            )
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
