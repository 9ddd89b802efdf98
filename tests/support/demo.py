"""A chapter that runs in seconds and says everything that a chapter can say."""

DEMO = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A demonstration

```{code-cell} ipython3
:tags: [parameters]

profile: str = "laptop"  # whose sizes [smoke|laptop|paper]
out: str = ""  # where results go
seed: int = 0  # run k uses seed + k [0..]
n_seeds: int = 3  # how many runs [1..9]
share: float = 0.5  # a share (0..1 without its ends) [(0..1)]
kinds: list[str] = ["red"]  # which kinds [red|blue]
pause: float = 0.0  # seconds to sleep half-way [0..600]
fail: bool = False  # stop half-way
```

```{code-cell} ipython3
import time

from soundreasons import chapter

run = chapter.open("demo", globals())
run
```

## First half

```{code-cell} ipython3
values = [run.rng("noise", seed=s).normal(10, share) for s in run.seeds]
run.measure("level.noise", values, unit="dB")
```

```{code-cell} ipython3
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(3, 2))
ax.plot(values)
run.figure(fig, "noise", caption="Noise over seeds.", alt="A line with one point for each seed.")
```

```{code-cell} ipython3
import pandas as pd

run.table(pd.DataFrame({"seed": run.seeds, "level": values}), "noise", caption="Noise over seeds")
```

```{code-cell} ipython3
from soundreasons.naming import unknown

run.source(unknown)
run.measures(pd.DataFrame({"level": [1.0, 2.0]}, index=["low", "high"]), "made.{row}.{column}", exact=True)
run.measure("made.level", values * 4, over="tones")
```

## Second half

The level is {glue:text}`level.noise:.2f`.

```{code-cell} ipython3
time.sleep(pause)
if fail:
    raise RuntimeError("asked to fail")
```

```{code-cell} ipython3
import numpy as np

run.sound(np.sin(2 * np.pi * 440 * np.arange(4000) / 8000), 8000, name="tone", caption="A steady tone.")
run.measure("count.seeds", len(values), exact=True)
run.verdicts()
```
"""

LEDGER = """
paper: demo
title: A demonstration
claims:
  - id: C1
    claim: The level is near ten.
    where: nowhere
    reported: [{id: level, value: 10, unit: dB, what: level, provenance: ours}]
    kind: ours
    known: ours
    mind: Tones below five.
    families:
      - tier: simulation
        what: The mean of tones that were drawn near ten.
        unit: tones
        margin: A bar well below ten.
        control: {what: silence, none: nothing to draw}
        checks: [{rule: at_least, measure: made.level, bar: 5}]
"""
