"""Find decimal numbers and percentages that somebody typed into prose.

A number in the prose of this book comes from the run (`glue`) or from the ledger (`paper`). What is not
prose is blanked, character by character, so that lines keep their numbers; what is left is searched.
"""

import re
from typing import NamedTuple

# Directives whose content is not prose, and directives whose argument is a path or a name.
LITERAL = {"bibliography", "code", "code-block", "code-cell", "glue:figure", "image", "include"}
LITERAL |= {"literalinclude", "math", "raw", "toctree"}
NAMED = LITERAL | {"figure", "exercise-start", "solution", "solution-start", "glue:math", "glue:md"}
# Roles that print what the run, the ledger or a label says; the text of all other roles is prose.
VALUE_ROLES = re.compile(r"(glue:?\w*|paper|claim|cite\S*|eq|numref|math|code|kbd|prf:ref|download)$")

FENCE = re.compile(r"^\s*(?P<fence>`{3,}|~{3,}|:{3,})\s*(?:\{(?P<name>[^}]+)\})?(?P<rest>.*)$")
OPTION = re.compile(r"^\s*:[\w-]+:")
SETTINGS = re.compile(r"^\s*:class:.*\bsettings\b")

NOT_PROSE = [
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"\$\$.+?\$\$", re.DOTALL),
    re.compile(r"\\begin\{(\w+\*?)\}.+?\\end\{\1\}", re.DOTALL),
    re.compile(r"^(%|\+\+\+).*$", re.MULTILINE),  # comments; cell breaks
    re.compile(r"^\([\w:.-]+\)=\s*$", re.MULTILINE),  # labels
    re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL),  # code spans
    re.compile(r"(?<![\\$\w])\$(?!\s)(?:[^$\n]|\n(?!\s*\n))+?(?<![\s\\])\$(?!\d)"),  # inline maths
    re.compile(r"\]\([^)\s]*\)"),  # where a link leads
    re.compile(r"<[\w/!][^>\n]*>"),  # tags and addresses in angle brackets
    re.compile(r"https?://\S+"),
    re.compile(r"\{[.#][^}\n]*\}"),  # attributes
    re.compile(r"\barXiv[: ]\d{4}\.\d{4,5}(v\d+)?"),
    re.compile(r"\bdoi[: ]\s*10\.\S+", re.IGNORECASE),
    re.compile(r"\bCC BY(-\w+)* \d\.\d\b"),
    # Where something stands in a paper is no result.
    re.compile(
        r"(?:§|\b(?:Section|Figure|Table|Equation|Theorem|Chapter|Appendix|Algorithm)s?)\s+\w*\d+(\.\d+)+"
    ),
]
ROLE = re.compile(r"\{(?P<name>[\w:+-]+)\}`(?P<text>[^`]+)`")

NUMBER = re.compile(
    r"""(?<![\w.,])
    (?: [-+]?\d[\d,]*(?:\.\d+)?[ \N{NO-BREAK SPACE}]?(?:%|\s*per\s?cent\b)   # 12 %, 0.5%, 3 per cent
      | [-+]?\d[\d,]*(?:\.\d+)*\.\d+(?:e[-+]?\d+)?                           # 0.5, 1,234.5, 3.11.2
      | [-+]?\.\d+                                                           # .5
      | [-+]?\d+e[-+]?\d+\b                                                  # 1e-3
    )""",
    re.VERBOSE,
)


class TypedNumber(NamedTuple):
    """A number in prose, and the line it stands in, from 1."""

    line: int
    number: str


def find_typed_numbers(text: str) -> list[TypedNumber]:
    """Find the decimal numbers and percentages in the prose of a MyST page."""
    prose = blank_inline(blank_blocks(text))
    return [TypedNumber(prose.count("\n", 0, hit.start()) + 1, hit.group()) for hit in NUMBER.finditer(prose)]


def blank_blocks(text: str) -> str:
    """Blank front matter, code, the options of directives and tables of settings; keep the lines."""
    lines = text.split("\n")
    kept = [""] * len(lines)
    start = _end_of_front_matter(lines)
    stack: list[tuple[str, bool]] = []  # open fences, and whether their content is prose
    in_options = False
    for number in range(start, len(lines)):
        line = lines[number]
        found = FENCE.match(line)
        if found and _closes(found, stack):
            stack.pop()
        elif stack and not stack[-1][1]:
            continue
        elif found:
            stack.append((found["fence"], _opens_prose(found, lines[number + 1 :])))
            kept[number] = "" if (found["name"] or "code") in NAMED else found["rest"]
            in_options = bool(found["name"])
        elif in_options and OPTION.match(line):
            continue
        else:
            in_options = False
            kept[number] = line
    return "\n".join(kept)


def _end_of_front_matter(lines: list[str]) -> int:
    if lines[0].strip() != "---" or "---" not in lines[1:]:
        return 0
    return lines.index("---", 1) + 1


def _closes(found: re.Match[str], stack: list[tuple[str, bool]]) -> bool:
    is_bare = not found["name"] and not found["rest"].strip()
    return bool(stack) and is_bare and found["fence"].startswith(stack[-1][0])


def _opens_prose(found: re.Match[str], following: list[str]) -> bool:
    if not found["name"]:
        return found["fence"].startswith(":")
    options = []
    for line in following:
        if not OPTION.match(line):
            break
        options.append(line)
    return found["name"] not in LITERAL and not any(SETTINGS.match(option) for option in options)


def blank_inline(text: str) -> str:
    """Blank roles, code, maths, links and locators inside the lines."""
    text = ROLE.sub(_keep_prose_of_role, text)
    for pattern in NOT_PROSE:
        text = pattern.sub(lambda hit: _blank(hit.group()), text)
    return text


def _keep_prose_of_role(role: re.Match[str]) -> str:
    if VALUE_ROLES.match(role["name"]):
        return _blank(role.group())
    shown = re.sub(r"<[^>]*>$", lambda hit: _blank(hit.group()), role["text"])
    return " " * (len(role.group()) - len(shown) - 1) + shown + " "


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
