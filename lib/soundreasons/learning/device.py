"""Where the computing happens: every model, batch and generator follows one name."""

from __future__ import annotations

import functools
import re

ALLOWED = "auto, cpu, mps, cuda or cuda:N"


@functools.cache
def _present() -> tuple[int, bool]:
    """Number of CUDA devices, and whether Apple's MPS is there; asks torch once."""
    import torch

    return torch.cuda.device_count(), torch.backends.mps.is_available()


def resolve(device: str = "auto") -> str:
    """Turn a wish into the name of a device that is really there.

    Parameters
    ----------
    device : {"auto", "cpu", "mps", "cuda", "cuda:N"}
        "auto" takes the first CUDA device, else the CPU. (MPS must be asked for: it has no
        float64, which several chapters need.)

    Returns
    -------
    str
        "cpu", "mps" or "cuda:N".

    Raises
    ------
    ValueError
        If the name is unknown or this machine has no such device.

    Examples
    --------
    >>> resolve("cpu")
    'cpu'
    """
    if device == "cpu":
        return device
    if not re.fullmatch(r"auto|mps|cuda(:\d+)?", device):
        raise ValueError(f"device is {device!r}, expected {ALLOWED}")
    n_cuda, has_mps = _present()
    if device == "auto":
        return "cuda:0" if n_cuda else "cpu"
    if device == "mps":
        if not has_mps:
            raise ValueError("device is 'mps', but torch finds no Apple GPU here; take 'auto' or 'cpu'")
        return device
    number = int(device.partition(":")[2] or 0)
    if number >= n_cuda:
        raise ValueError(f"device is {device!r}, but torch finds {n_cuda} CUDA devices; take 'auto' or 'cpu'")
    return f"cuda:{number}"


def describe(device: str) -> str:
    """Name of the device as its maker gives it, for the record of a run.

    Examples
    --------
    >>> isinstance(describe("cpu"), str)
    True
    """
    if device.startswith("cuda"):
        import torch

        return str(torch.cuda.get_device_name(device))
    return "Apple GPU" if device == "mps" else "CPU"
