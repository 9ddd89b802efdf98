"""Text on its way to a page: names from data are shown as they are, markup is written on purpose.

Three readers take the same Markdown: Jupyter, the site's MyST, and a browser behind both. What is markup to
any of them is written as a character reference (``&#42;`` for a star), which all three show and none acts on.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

# All ASCII punctuation that Markdown, MyST or HTML could act on; a comma, say, means nothing to them.
_ACTIVE = re.compile(r"[!-+\-.:<-@\[-`{-~]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# In a span of its own, since Jupyter looks for maths once more on the finished page, within each element.
_DOLLAR = "<span>&#36;</span>"
_TAG = re.compile(rf"<(?=[A-Za-z/!?])(?!{re.escape(_DOLLAR[1:])}|/span>)")
_SCHEME = re.compile(r"\]\(\s*<?\s*(?:javascript|data|vbscript)\s*:", re.IGNORECASE)


@dataclass(frozen=True)
class Markup:
    """Markdown on purpose, for a cell of a table; any other text in a cell is shown as it is.

    No kind of `str`, since pandas would make it one.
    """

    text: str

    def __str__(self) -> str:
        """The Markdown as it was written."""
        return self.text


def plain(text: object) -> str:
    r"""Write a name from data so that a page shows it letter by letter, whatever is in it.

    Parameters
    ----------
    text : object
        A title, a person's name, a tag, a file's name: anything that a caption is made of but did not
        write itself. Breaks of line and control characters become a space.

    Returns
    -------
    str
        To put into a caption or into a cell of `Markup`. Not for an `alt` text, which is no Markdown.

    Examples
    --------
    >>> plain("M*A*S*H (1970)")
    'M&#42;A&#42;S&#42;H &#40;1970&#41;'
    >>> plain("Ke$ha")
    'Ke<span>&#36;</span>ha'
    """
    printable = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _CONTROL.sub(" ", str(text)))
    return _ACTIVE.sub(lambda found: _reference(found[0]), printable)


def _reference(letter: str) -> str:
    return _DOLLAR if letter == "$" else f"&#{ord(letter)};"


def authored(text: str) -> str:
    r"""Markdown by an author, in one line, in which no HTML, script or picture is live.

    Emphasis, maths, code, roles and links are the author's to use.

    Examples
    --------
    >>> authored("*Two* lines,\n$a < b$ <script>alert(1)</script>")
    '*Two* lines, $a < b$ &lt;script>alert(1)&lt;/script>'
    """
    line = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _CONTROL.sub(" ", " ".join(text.split())))
    dead = _TAG.sub("&lt;", line).replace("![", "&#33;[")
    return _SCHEME.sub(lambda found: found[0].replace("](", "]&#40;"), dead)


def as_html(caption: str) -> str:
    """A caption as text between HTML tags: what `plain` wrote is read back, all else is shown as written.

    Examples
    --------
    >>> as_html(f"*By* {plain('<b>')}")
    '*By* &lt;b&gt;'
    """
    return html.escape(html.unescape(caption.replace(_DOLLAR, "$")))


def code(text: object) -> str:
    """A code span that holds any text, backticks too.

    Examples
    --------
    >>> code("a"), code("a`b")
    ('`a`', '`` a`b ``')
    """
    line = _CONTROL.sub(" ", str(text))
    longest = max(map(len, re.findall(r"`+", line)), default=0)
    if not longest:
        return f"`{line}`" if line.strip() else "``` ```"
    fence = "`" * (longest + 1)
    return f"{fence} {line} {fence}"
