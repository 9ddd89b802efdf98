"""The committed reference edition: is it fresh, and how a new one takes its place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from soundreasons import claims, data, freshness, project, results
from soundreasons import ledger as ledgers


@dataclass(frozen=True)
class State:
    """Whether a committed result still stands, and why."""

    is_fresh: bool
    text: str


def state(slug: str, profile: str) -> State:
    """Compare a committed result with the code, the lock, the registry and the ledger of today.

    Data that this machine does not have is named as not checkable here; its digest was still
    compared with the registry's.
    """
    path = project.reference(slug, profile)
    if not path.is_file():
        return State(False, f"no committed {profile} results")
    return of(results.read(path))


def of(found: results.Results) -> State:
    """State of some results: what changed since, or that nothing did."""
    changed = freshness.changes(found)
    if not changed and _verdicts_changed(found):
        changed = ["the ledger gives other outcomes now"]
    if changed:
        return State(False, f"stale: {'; '.join(changed)}")
    elsewhere = [name for name in found.fingerprint.data if not data.available(name)]
    return State(True, "fresh" + (f" (data not checkable here: {', '.join(elsewhere)})" if elsewhere else ""))


def _verdicts_changed(found: results.Results) -> bool:
    ledger = ledgers.load(project.ledger(found.slug))
    now = claims.judge_all(ledger, found.measures, profile=found.profile, absent=found.absent())
    return {name: j.words for name, j in now.items()} != {name: j.words for name, j in found.verdicts.items()}


def publish(slugs: Sequence[str] | None = None) -> list[Path]:
    """Promote the last laptop runs to the reference edition, all that are asked for or none.

    Parameters
    ----------
    slugs : sequence of str, optional
        Chapters; every one if left out.

    Raises
    ------
    ValueError
        If a chapter is unknown, was not run, is stale, or had to do without some data.
    """
    wanted = project.slugs() if slugs is None else list(slugs)
    for slug in wanted:
        project.require_chapter(slug)
    found = {slug: results.read(project.run_folder(slug, "laptop") / "results.json") for slug in wanted}
    problems = [problem for slug, run in found.items() if (problem := _unfit(slug, run))]
    if problems:
        raise ValueError(f"this edition is not complete: {'; '.join(problems)}; run `make book` first")
    for slug, run in found.items():
        results.write(run, project.reference(slug, "laptop"))
    return [project.reference(slug, "laptop") for slug in found]


def judge_again(slug: str, profile: str = "laptop") -> dict[str, claims.Judgement]:
    """Judge committed measures by the ledger as it is today; nothing is measured anew.

    Raises
    ------
    ValueError
        If there are no committed results, or they are no results.
    """
    path = project.reference(slug, profile)
    if not path.is_file():
        raise ValueError(
            f"there are no committed {profile} results of {slug}; `soundreasons publish` writes them"
        )
    # Outcomes are left out before the file is read: those of an older scheme have another shape.
    raw = json.loads(path.read_text(encoding="utf-8")) | {"verdicts": {}, "schema_version": results.SCHEMA}
    found = results.Results.model_validate(raw)
    ledger = ledgers.load(project.ledger(slug))
    judged = claims.judge_all(ledger, found.measures, profile=found.profile, absent=found.absent())
    results.write(found.model_copy(update={"verdicts": judged}), path)
    return judged


def _unfit(slug: str, run: results.Results) -> str:
    # What only the paper profile fetches is lacking on every laptop.
    if lacking := [name for name in run.absent() if data.entry(name).scale == "laptop"]:
        return f"{slug} lacked {', '.join(lacking)}"
    current = of(run)
    return "" if current.is_fresh else f"{slug} is {current.text}"
