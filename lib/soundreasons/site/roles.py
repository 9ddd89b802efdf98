"""Sphinx extension: the roles that cite the ledger, ``{claim}``, ``{paper}``, ``{outcome}`` and ``{mark}``.

``{claim}`C1` `` links to the claim on the scoreboard. ``{paper}`C1.deezer_peaks` `` (a value reported beside
a claim) and ``{paper}`deezer_items` `` (a fact of the ledger) print the value, its unit and a mark that says
how we know it. On a chapter's page the paper is the page's own; elsewhere it is named:
``{claim}`spiky_svd:C1` ``. ``{outcome}`C1` `` says what came out of the claim in this build, so that no
sentence can say otherwise. What the ledger does not hold is a Sphinx warning, and the site is built with
warnings as errors, so a page can't cite what isn't there.
"""

import functools
import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from soundreasons import ledger as ledgers
from soundreasons.naming import unknown
from soundreasons.site.edition import scoreboard_anchor

logger = logging.getLogger(__name__)

SCOREBOARD_PAGE = "book/scoreboard"
SCOREBOARD_FILE = "book/generated/scoreboard.json"
PROVENANCE_PAGE = "book/how-to-read"
PROVENANCE_ANCHOR = "provenance"


@functools.lru_cache(maxsize=16)
def _read(path: Path, modified_ns: int) -> ledgers.Ledger:
    # `modified_ns` is part of the key: an edited ledger is read again by a running server.
    return ledgers.load(path)


def _ledger(papers: Path, slug: str) -> tuple[Path, ledgers.Ledger]:
    path = papers / slug / "claims.yml"
    if not path.is_file():
        raise ledgers.LedgerError(
            unknown("ledger", slug, (f.parent.name for f in papers.glob("*/claims.yml")))
        )
    return path, _read(path, path.stat().st_mtime_ns)


def split_citation(text: str, docname: str) -> tuple[str, str]:
    """Split what a role holds into the paper's slug and the id.

    Parameters
    ----------
    text : str
        ``id`` or ``slug:id``.
    docname : str
        The page; its last part is the slug on a chapter's page.

    Returns
    -------
    tuple of str
        Slug and id.

    Raises
    ------
    ledgers.LedgerError
        If no slug is given outside a chapter.

    Examples
    --------
    >>> split_citation("C1", "book/chapters/spiky_svd")
    ('spiky_svd', 'C1')
    >>> split_citation("mesonet:C2", "book/index")
    ('mesonet', 'C2')
    """
    slug, colon, identifier = text.strip().partition(":")
    if colon:
        return slug, identifier
    page = PurePosixPath(docname)
    if page.parent.name != "chapters":
        raise ledgers.LedgerError(f"{text!r} names no paper; outside a chapter write `paper:{text}`")
    return page.name, slug


class _LedgerRole(SphinxRole):  # type: ignore[misc]
    """What both roles share: find the ledger, note the dependency, turn a miss into a warning."""

    env: BuildEnvironment

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        try:
            slug, identifier = split_citation(self.text, self.env.docname)
            path, ledger = _ledger(Path(self.env.config.soundreasons_papers), slug)
            self.env.note_dependency(str(path))
            return list(self.cite(slug, identifier, ledger)), []
        except ledgers.LedgerError as error:
            logger.warning("{%s}`%s`: %s", self.name, self.text, error, location=self.get_location())
            return [nodes.literal(self.rawtext, self.text)], []

    def cite(self, slug: str, identifier: str, ledger: ledgers.Ledger) -> Iterator[nodes.Node]:
        raise NotImplementedError

    def link(self, text: str, page: str, anchor: str, title: str, classes: list[str]) -> nodes.reference:
        address = self.env.app.builder.get_relative_uri(self.env.docname, page)
        target = f"{address}#{nodes.make_id(anchor)}"
        # An empty `address` is this page itself: the link is then the anchor alone.
        return nodes.reference("", text, refuri=target, reftitle=title, classes=classes, internal=True)


class ClaimRole(_LedgerRole):
    """``{claim}`C1` ``: a link to the claim on the scoreboard."""

    def cite(self, slug: str, identifier: str, ledger: ledgers.Ledger) -> Iterator[nodes.Node]:
        """Build the link; the claim's sentence is its tooltip."""
        sentence = " ".join(ledger.claim(identifier).claim.split())
        anchor = scoreboard_anchor(slug, identifier)
        yield self.link(identifier, SCOREBOARD_PAGE, anchor, f"Claim {identifier}: {sentence}", ["claim"])


class MarkRole(_LedgerRole):
    """``{mark}`spiky_svd:C1 supported` ``: the claim's name in the shape of a verdict, for the overview."""

    def cite(self, slug: str, identifier: str, ledger: ledgers.Ledger) -> Iterator[nodes.Node]:
        """Build the link; who listens to the page hears the verdict behind the name."""
        name, _, verdict = identifier.partition(" ")
        sentence = " ".join(ledger.claim(name).claim.split())
        classes = ["verdict", f"verdict-{verdict.replace(' ', '-')}"]
        link = self.link(name, SCOREBOARD_PAGE, scoreboard_anchor(slug, name), sentence, classes)
        link += nodes.inline("", f" {verdict}", classes=["only-heard"])
        yield link


class OutcomeRole(_LedgerRole):
    """``{outcome}`C1` ``: what came out of the claim in this build, in the words of the box."""

    def cite(self, slug: str, identifier: str, ledger: ledgers.Ledger) -> Iterator[nodes.Node]:
        """Build the words, which lead to the claim on the scoreboard."""
        claim = ledger.claim(identifier)
        told = Path(self.env.srcdir) / SCOREBOARD_FILE
        self.env.note_dependency(str(told))
        words, outcome = _outcomes(told).get((slug, claim.id), ("not tested", "not tested"))
        classes = ["outcome", f"outcome-{outcome.replace(' ', '-')}"]
        sentence = " ".join(claim.claim.split())
        yield self.link(words, SCOREBOARD_PAGE, scoreboard_anchor(slug, identifier), sentence, classes)


def _outcomes(path: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """Words and outcome of each claim in this build; none before the first build."""
    if not path.is_file():
        return {}
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {(row["paper"], row["claim"]): (row["words"], row["outcome"]) for row in rows}


class PaperRole(_LedgerRole):
    """``{paper}`C1.name` ``: a number from the ledger with its unit and its provenance."""

    def cite(self, slug: str, identifier: str, ledger: ledgers.Ledger) -> Iterator[nodes.Node]:
        """Build the value and, after a space that does not break, the mark."""
        entry = ledger.reported(identifier)
        kind = entry.provenance
        mark = ledgers.PROVENANCE[kind]
        title = f"{' '.join(entry.what.split())}; {mark.meaning}"
        classes = ["provenance", f"provenance-{kind}"]
        yield nodes.inline("", entry.text(), classes=["reported"])
        yield nodes.Text("\N{NO-BREAK SPACE}")
        yield self.link(mark.label, PROVENANCE_PAGE, PROVENANCE_ANCHOR, title, classes)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the roles with Sphinx."""
    app.add_config_value("soundreasons_papers", str(resources.files("soundreasons.papers")), "env", [str])
    app.add_role("claim", ClaimRole())
    app.add_role("mark", MarkRole())
    app.add_role("outcome", OutcomeRole())
    app.add_role("paper", PaperRole())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
