"""The experiments of the page, one module a section: `networks`, `validation`, `bench`, `detection`,
`people`, `compression`, `frames`, `blur` (with `looking`, what the networks look at), `transfer`,
`false_alarms`, `own_data`. Chapter: mesonet.
"""

from soundreasons.papers.mesonet.experiments import (
    bench,
    blur,
    compression,
    detection,
    false_alarms,
    frames,
    looking,
    networks,
    own_data,
    people,
    transfer,
    validation,
)
