"""Import the progress bars of the libraries below once, without the warning that a page would show.

In a notebook without widgets their first import warns that bars will be plain text; we show none at all.
"""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="IProgress not found")
    import tqdm.auto  # type: ignore[import-untyped]

BARS = tqdm.auto.tqdm
