"""A stand-in for a GPU on machines without one: no tensor may live off the device.

Torch's `meta` device has shapes and no numbers, so a training step on it costs nothing; but it lets
some operations through that a GPU would refuse, such as an index or a target left on the CPU. This
mode looks at every operation and refuses those too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class StrayTensorError(RuntimeError):
    """An operation got a tensor that lives on another device."""


class RefuseStrays(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Refuse every operation on a tensor with dimensions that lives off one device.

    Tensors without dimensions are let through, as a GPU lets them: they are numbers.

    Parameters
    ----------
    device : str
        Where everything must live, "meta" unless told.

    Raises
    ------
    StrayTensorError
        With the operation, and the shape and device of the stray tensor.

    Examples
    --------
    >>> layer = torch.nn.Linear(3, 1, device="meta")
    >>> with RefuseStrays():
    ...     layer(torch.zeros(2, 3, device="meta")).shape
    torch.Size([2, 1])
    """

    def __init__(self, device: str = "meta") -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._device = torch.device(device)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Look at the arguments of one operation, then carry it out."""
        for leaf in tree_leaves((args, dict(kwargs or {}))):
            if isinstance(leaf, torch.Tensor) and leaf.ndim and leaf.device.type != self._device.type:
                raise StrayTensorError(
                    f"{func} got a tensor of shape {tuple(leaf.shape)} on {leaf.device}, expected all on "
                    f"{self._device}; make it there, or move it with .to(device)"
                )
        return func(*args, **(kwargs or {}))
