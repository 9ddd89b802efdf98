"""What there is to show of each chapter: its ledger, its last run, its committed reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from soundreasons import claims, project, results
from soundreasons import ledger as ledgers


@dataclass(frozen=True)
class Edition:
    """One chapter as the site shows it; `folder` is that of the run, `reference` the committed laptop run."""

    slug: str
    ledger: ledgers.Ledger
    run: results.Results
    folder: Path
    reference: results.Results | None


def collect(profile: str | None = None) -> list[Edition]:
    """Find the run of every chapter: of one profile, or the last one of any.

    Raises
    ------
    FileNotFoundError
        If a chapter has no finished run.
    """
    return [_edition(slug, profile) for slug in project.slugs()]


def _edition(slug: str, profile: str | None) -> Edition:
    profiles = (profile,) if profile else project.PROFILES
    folders = [project.run_folder(slug, name) for name in profiles]
    finished = [folder for folder in folders if (folder / "results.json").is_file()]
    if not finished:
        raise FileNotFoundError(
            f"{slug} has no finished run{f' of profile {profile}' if profile else ''}; "
            f"`soundreasons run {slug}{f' --profile {profile}' if profile else ''}` makes one"
        )
    folder = max(finished, key=lambda found: (found / "results.json").stat().st_mtime)
    reference = project.reference(slug, "laptop")
    return Edition(
        slug=slug,
        ledger=ledgers.load(project.ledger(slug)),
        run=results.read(folder / "results.json"),
        folder=folder,
        reference=results.read(reference) if reference.is_file() else None,
    )


def judged(edition: Edition, run: results.Results) -> dict[str, claims.Judgement]:
    """Verdicts of a run by the ledger as it is today: a rule that changed since is applied anew."""
    return claims.judge_all(edition.ledger, run.measures, profile=run.profile, absent=run.absent())


def scoreboard_anchor(slug: str, claim_id: str) -> str:
    """Name the label of a claim's place on the scoreboard.

    In HTML, docutils turns it into an id with hyphens for underscores.

    Parameters
    ----------
    slug : str
        The paper's slug.
    claim_id : str
        The claim's id in the ledger.

    Returns
    -------
    str
        The label, in lower case.

    Examples
    --------
    >>> scoreboard_anchor("spiky_svd", "C1")
    'claim-spiky_svd-c1'
    """
    return f"claim-{slug}-{claim_id}".lower()
