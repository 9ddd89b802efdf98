"""What there is to show of each chapter: its ledger, its last run, its committed reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from soundreasons import claims, parameters, project, results, runs
from soundreasons import ledger as ledgers


@dataclass(frozen=True)
class Edition:
    """One chapter as the site shows it.

    Attributes
    ----------
    slug : str
        The chapter.
    ledger : Ledger
        Its claims.
    run : Results
        What was found; without measures where the run failed.
    folder : Path
        Folder of the run, or of the failed one.
    reference : Results or None
        The committed laptop run.
    failure : Failure or None
        Why the run did not finish, if it did not.
    """

    slug: str
    ledger: ledgers.Ledger
    run: results.Results
    folder: Path
    reference: results.Results | None
    failure: runs.Failure | None = None


def collect(profile: str | None = None, *, as_is: bool = False) -> list[Edition]:
    """Find the run of every chapter: of one profile, or the last one of any.

    Parameters
    ----------
    profile : str, optional
        Whose runs to show.
    as_is : bool
        Show a chapter that has no finished run as one that failed, instead of refusing.

    Raises
    ------
    RunDamaged
        If a chapter has no finished run, or not a whole one of its own; unless `as_is`.
    """
    return [_edition(slug, profile or _last_profile(slug), as_is) for slug in project.slugs()]


def _last_profile(slug: str) -> str:
    """Return the profile whose run of a chapter ended last, well or not; laptop if there is none."""
    ended = {
        path.stat().st_mtime: profile
        for profile in project.PROFILES
        for path in (
            project.run_folder(slug, profile) / runs.MANIFEST,
            runs.failed_folder(slug, profile) / runs.NOTEBOOK,
        )
        if path.is_file()
    }
    return ended[max(ended)] if ended else "laptop"


def _edition(slug: str, profile: str, as_is: bool) -> Edition:
    failure = runs.failure(slug, profile)
    folder = project.run_folder(slug, profile)
    run = _unfinished(slug, profile)
    if failure:
        folder = runs.failed_folder(slug, profile)
    else:
        try:
            run = runs.read(slug, profile)
        except runs.RunDamaged as error:
            if not as_is:
                raise
            failure = runs.Failure(None, f"it has not finished: {error}", "", None)
    reference = project.reference(slug, "laptop")
    return Edition(
        slug=slug,
        ledger=ledgers.load(project.ledger(slug)),
        run=run,
        folder=folder,
        reference=results.read(reference) if reference.is_file() else None,
        failure=failure,
    )


def _unfinished(slug: str, profile: str) -> results.Results:
    """Results of a run that found nothing."""
    values = {name: v for name, v in parameters.profile_values(slug, profile).items() if name != "out"}
    return results.Results(
        slug=slug, profile=profile, parameters=values, seeds=[values["seed"]], measures={}, tables={},
        figures={}, sounds={}, verdicts={}, data={}, commit="", started="",
        fingerprint=results.Fingerprint(notebook="", parameters="", modules={}, versions={}, data={}),
        machine=results.Machine(device="", processor="", cores=0, threads=0, system="", python=""),
        cost=results.Cost(seconds=0, cpu_seconds=0, peak_memory_bytes=0),
    )  # fmt: skip


def judged(edition: Edition, run: results.Results) -> dict[str, claims.Judgement]:
    """Outcomes of a run by the ledger as it is today: a rule that changed since is applied anew."""
    if edition.failure and run is edition.run:
        untested = claims.Judgement(outcome="not tested", reason="the chapter's run did not finish")
        return {claim.id: untested for claim in edition.ledger.claims}
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
