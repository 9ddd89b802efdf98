"""Sound Reasons: the tested library beside the book.

Floors, from the top: `cli` -> `runner`, `site` -> `chapter` -> `claims`, and
`papers` -> `data`, `media`, `learning`. Arrows only go down; a paper never imports
another paper, `chapter`, `runner` or `site`.
"""

__version__ = "0.1.0"
