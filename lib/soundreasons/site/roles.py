"""Sphinx extension: the roles ``{claim}`` and ``{paper}``, which cite the ledger in prose.

``{claim}`C1` `` links to the claim on the scoreboard. ``{paper}`C1.deezer_peaks` `` (a value
reported beside a claim) and ``{paper}`deezer_items` `` (a fact of the ledger) print the value, its unit
and a mark that says how we know it. On a chapter's page the paper is the page's own; elsewhere it is
named: ``{claim}`spiky_svd:C1` ``. What the ledger does not hold is a Sphinx warning, and the site is
built with warnings as errors, so a page can't cite what isn't there.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

logger = logging.getLogger(__name__)

SCOREBOARD_PAGE = "book/scoreboard"
PROVENANCE_PAGE = "book/how-to-read"
PROVENANCE_ANCHOR = "provenance"


class Mark(NamedTuple):
    """How a provenance is shown: words beside the number, and a sentence for the tooltip."""

    label: str
    meaning: str


PROVENANCE_MARKS = {
    "paper": Mark("paper", "read in the paper, its poster or its slides"),
    "authors-repository": Mark("authors' files", "read in the authors' public repository or abstract page"),
    "authors-code-rerun": Mark("authors' code, rerun", "obtained by running the authors' own code"),
    "secondary": Mark("second-hand", "quoted by somebody else; not seen in the paper itself"),
    "ours": Mark("ours", "computed by us with our own means"),
    "recalled": Mark("recalled, unchecked", "general knowledge or reconstruction; not checked at a source"),
}


class LedgerLookupError(ValueError):
    """A page cites something that the ledger does not hold."""


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


def format_value(value: float | int | str, unit: str = "") -> str:
    """Write a reported value as the page shows it.

    Parameters
    ----------
    value : float, int or str
        The value as the ledger holds it; digits are kept as they were reported.
    unit : str
        Its unit; ``%`` and words are set off by a space that does not break.

    Returns
    -------
    str
        For example ``1,438,603 items``.

    Examples
    --------
    >>> format_value(1438603), format_value(1395), format_value(0.036)
    ('1,438,603', '1,395', '0.036')
    >>> format_value(99.8, "%").split("\N{NO-BREAK SPACE}")
    ['99.8', '%']
    """
    is_count = isinstance(value, int) and not isinstance(value, bool)
    text = f"{value:,}" if is_count else str(value)
    return f"{text}\N{NO-BREAK SPACE}{unit}" if unit else text


@lru_cache(maxsize=16)
def _parse_ledger(path: Path, modified_ns: int) -> dict[str, Any]:
    # `modified_ns` is part of the key: an edited ledger is read again by a running server.
    ledger = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(ledger, dict):
        raise LedgerLookupError(f"{path} holds {type(ledger).__name__}, expected a mapping with `claims`")
    return ledger


def load_ledger(papers: Path, slug: str) -> tuple[Path, dict[str, Any]]:
    """Read the ledger of one paper.

    Parameters
    ----------
    papers : Path
        The folder that holds one folder per paper.
    slug : str
        The paper's slug.

    Returns
    -------
    tuple of Path and dict
        The ledger's file and its content.

    Raises
    ------
    LedgerLookupError
        If the paper has no ledger.
    """
    path = papers / slug / "claims.yml"
    if not path.is_file():
        known = sorted(found.parent.name for found in papers.glob("*/claims.yml"))
        raise LedgerLookupError(
            f"there is no ledger for {slug!r}; papers with one: {', '.join(known) or 'none'}"
        )
    return path, _parse_ledger(path, path.stat().st_mtime_ns)


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
    LedgerLookupError
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
        raise LedgerLookupError(f"{text!r} names no paper; outside a chapter write `paper:{text}`")
    return page.name, slug


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _find(entries: list[dict[str, Any]], identifier: str, what: str) -> dict[str, Any]:
    for entry in entries:
        if str(entry.get("id")) == identifier:
            return entry
    known = ", ".join(str(entry.get("id")) for entry in entries) or "none"
    raise LedgerLookupError(f"the ledger has no {what} {identifier!r}; it has: {known}")


def find_claim(ledger: dict[str, Any], claim_id: str) -> dict[str, Any]:
    """Find a claim by its id.

    Parameters
    ----------
    ledger : dict
        A ledger's content.
    claim_id : str
        For example ``C1``.

    Returns
    -------
    dict
        The claim.

    Raises
    ------
    LedgerLookupError
        If there is none; the message lists those there are.

    Examples
    --------
    >>> find_claim({"claims": [{"id": "C1", "claim": "Data are spiky."}]}, "C1")["claim"]
    'Data are spiky.'
    """
    return _find(ledger.get("claims") or [], claim_id, "claim")


def find_reported(ledger: dict[str, Any], identifier: str) -> dict[str, Any]:
    """Find a reported value (``C1.name``) or a fact (``name``).

    Parameters
    ----------
    ledger : dict
        A ledger's content.
    identifier : str
        Claim and value joined by a dot, or a fact's id.

    Returns
    -------
    dict
        The entry, with `value`, `unit`, `what` and `provenance`.

    Raises
    ------
    LedgerLookupError
        If there is none, or its provenance is not one of those the book knows.

    Examples
    --------
    >>> ledger = {"facts": [{"id": "items", "value": 7, "provenance": "paper"}]}
    >>> find_reported(ledger, "items")["value"]
    7
    """
    claim_id, dot, name = identifier.partition(".")
    if dot:
        entry = _find(find_claim(ledger, claim_id).get("reported") or [], name, f"value of {claim_id}")
    else:
        entry = _find(ledger.get("facts") or [], identifier, "fact")
    kind = entry.get("provenance")
    if kind not in PROVENANCE_MARKS:
        raise LedgerLookupError(
            f"{identifier!r} has provenance {kind!r}, expected one of {', '.join(PROVENANCE_MARKS)}"
        )
    return entry


class _LedgerRole(SphinxRole):  # type: ignore[misc]
    """What both roles share: find the ledger, note the dependency, turn a miss into a warning."""

    env: BuildEnvironment

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        try:
            slug, identifier = split_citation(self.text, self.env.docname)
            path, ledger = load_ledger(Path(self.env.config.soundreasons_papers), slug)
            self.env.note_dependency(str(path))
            return list(self.cite(slug, identifier, ledger)), []
        except LedgerLookupError as error:
            logger.warning("{%s}`%s`: %s", self.name, self.text, error, location=self.get_location())
            return [nodes.literal(self.rawtext, self.text)], []

    def cite(self, slug: str, identifier: str, ledger: dict[str, Any]) -> Iterator[nodes.Node]:
        raise NotImplementedError

    def link(self, text: str, page: str, anchor: str, title: str, classes: list[str]) -> nodes.reference:
        address = self.env.app.builder.get_relative_uri(self.env.docname, page)
        target = f"{address}#{nodes.make_id(anchor)}"
        # An empty `address` is this page itself: the link is then the anchor alone.
        return nodes.reference("", text, refuri=target, reftitle=title, classes=classes, internal=True)


class ClaimRole(_LedgerRole):
    """``{claim}`C1` ``: a link to the claim on the scoreboard."""

    def cite(self, slug: str, identifier: str, ledger: dict[str, Any]) -> Iterator[nodes.Node]:
        """Build the link; the claim's sentence is its tooltip."""
        sentence = _one_line(str(find_claim(ledger, identifier)["claim"]))
        anchor = scoreboard_anchor(slug, identifier)
        yield self.link(identifier, SCOREBOARD_PAGE, anchor, f"Claim {identifier}: {sentence}", ["claim"])


class PaperRole(_LedgerRole):
    """``{paper}`C1.name` ``: a number from the ledger with its unit and its provenance."""

    def cite(self, slug: str, identifier: str, ledger: dict[str, Any]) -> Iterator[nodes.Node]:
        """Build the value and, after a space that does not break, the mark."""
        entry = find_reported(ledger, identifier)
        kind = entry["provenance"]
        mark = PROVENANCE_MARKS[kind]
        value = format_value(entry["value"], entry.get("unit") or "")
        what = _one_line(str(entry.get("what") or ""))
        title = f"{what}; {mark.meaning}" if what else mark.meaning
        classes = ["provenance", f"provenance-{kind}"]
        yield nodes.inline("", value, classes=["reported"])
        yield nodes.Text("\N{NO-BREAK SPACE}")
        yield self.link(mark.label, PROVENANCE_PAGE, PROVENANCE_ANCHOR, title, classes)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the roles with Sphinx."""
    app.add_config_value("soundreasons_papers", str(resources.files("soundreasons.papers")), "env", [str])
    app.add_role("claim", ClaimRole())
    app.add_role("paper", PaperRole())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
