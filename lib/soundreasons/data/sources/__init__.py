"""Where data comes from: one module for each way of downloading.

Each module has one function `download(entry, source, folder) -> dict[str, Path]`, which leaves
checked files in `folder` and says where, raises `SourceSkipped` with a reason if this machine
cannot ask that source, and `DataError` if it answered with something wrong.
"""
