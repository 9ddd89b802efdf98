"""The one training loop: batches in, steps of an optimiser, losses out.

A trainer of a chapter says what is its own: the loss of a batch, the batches, the optimiser. What is the same
for all is here, once: clearing and computing gradients, clipping them, precision, the schedule of the rate,
what is told meanwhile, when to stop. `Step` takes one step, for those who loop by themselves or test a step.

    adam = torch.optim.Adam(network.parameters(), 1e-3)
    losses = train(lambda batch: loss_of(network, batch), batches, adam, Loop(steps=300, clip_norm=1.0))
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

import torch
from torch import Tensor, nn

Batch = TypeVar("Batch")
# Told the number of steps done, from 1; a True ends the training.
After: TypeAlias = Callable[[int], bool | None]
Schedule: TypeAlias = torch.optim.lr_scheduler.LRScheduler


@dataclass(frozen=True)
class Loop:
    """How a training loop runs.

    Attributes
    ----------
    steps : int, from 0
        Batches, one step of the optimiser each.
    clip_norm : float above 0, optional
        Largest norm of all gradients together; larger ones are shortened to it.
    precision : {"single", "half"}
        "half" computes the loss in float16 on CUDA (with scaled gradients) and in bfloat16 elsewhere; weights
        stay as they are.
    every : int, from 1
        Which losses are kept: each, or that of every tenth step.
    """

    steps: int
    clip_norm: float | None = None
    precision: Literal["single", "half"] = "single"
    every: int = 1

    def __post_init__(self) -> None:
        """Refuse what no loop can do."""
        if self.steps < 0 or self.every < 1:
            raise ValueError(
                f"steps is {self.steps} and every is {self.every}, expected steps from 0 and every from 1"
            )
        if self.clip_norm is not None and not self.clip_norm > 0:
            raise ValueError(f"clip_norm is {self.clip_norm}, expected a number above 0, or None")
        if self.precision not in ("single", "half"):
            raise ValueError(f"precision is {self.precision!r}, expected 'single' or 'half'")


class Step(Generic[Batch]):
    """Takes one step of an optimiser on the loss of a batch.

    Parameters
    ----------
    loss_of : callable
        Takes a batch, returns its loss, a tensor without dimensions.
    optimiser : torch.optim.Optimizer
        Moves the weights; all of them on one device.
    loop : Loop
        Clipping and precision.
    schedule : LRScheduler, optional
        Moves the learning rate on, after each step.
    clipped : iterable of Parameter, optional
        Whose gradients the norm is of; those that the optimiser moves unless told.

    Raises
    ------
    ValueError
        If `clipped` holds more than the optimiser moves, in half precision: their gradients stay scaled.

    Examples
    --------
    By hand: the loss w^2 at 3 has slope 6; a tenth of that against it leads to 2.4.

    >>> w = nn.Parameter(torch.tensor(3.0))
    >>> step = Step(lambda batch: batch * w**2, torch.optim.SGD([w], lr=0.1), Loop(steps=1))
    >>> step(1.0), round(w.item(), 2)
    (tensor(9.), 2.4)
    """

    def __init__(
        self,
        loss_of: Callable[[Batch], Tensor],
        optimiser: torch.optim.Optimizer,
        loop: Loop,
        *,
        schedule: Schedule | None = None,
        clipped: Iterable[nn.Parameter] | None = None,
    ) -> None:
        self.loss_of, self.optimiser, self.loop, self.schedule = loss_of, optimiser, loop, schedule
        moved = [weight for group in optimiser.param_groups for weight in group["params"]]
        self._clipped = list(clipped) if clipped is not None else moved
        device = moved[0].device.type
        is_half = loop.precision == "half"
        others = {id(weight) for weight in self._clipped} - {id(weight) for weight in moved}
        if is_half and others:
            raise ValueError(
                f"clipped holds {len(others)} weights that the optimiser does not move, whose gradients half "
                "precision leaves scaled; clip what it moves, or train in single precision"
            )
        dtype = torch.float16 if device == "cuda" else torch.bfloat16
        self._autocast = torch.autocast(device, dtype) if is_half else contextlib.nullcontext()
        self._scaler = torch.amp.GradScaler(device, enabled=is_half and dtype is torch.float16)

    def __call__(self, batch: Batch) -> Tensor:
        """Take one step; return the loss before it, on its device."""
        with self._autocast:
            loss = self.loss_of(batch)
        self.optimiser.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        if self.loop.clip_norm is not None:
            self._scaler.unscale_(self.optimiser)
            nn.utils.clip_grad_norm_(self._clipped, self.loop.clip_norm)
        self._scaler.step(self.optimiser)
        self._scaler.update()
        if self.schedule is not None:
            self.schedule.step()
        return loss.detach()


def train(
    loss_of: Callable[[Batch], Tensor],
    batches: Iterable[Batch],
    optimiser: torch.optim.Optimizer,
    loop: Loop,
    *,
    schedule: Schedule | None = None,
    clipped: Iterable[nn.Parameter] | None = None,
    after: After | None = None,
) -> Tensor:
    """Train on one batch after another.

    Parameters
    ----------
    loss_of : callable
        Takes a batch, returns its loss, a tensor without dimensions.
    batches : iterable
        On the device of the weights; no more are taken than there are steps, so that an iterator can be used
        further. `endless(draw)` makes one of a function that draws a batch.
    optimiser : torch.optim.Optimizer
        Moves the weights.
    loop : Loop
        Steps, clipping, precision, which losses are kept.
    schedule : LRScheduler, optional
        Moves the learning rate on, after each step.
    clipped : iterable of Parameter, optional
        Whose gradients the norm is of; those that the optimiser moves unless told.
    after : callable, optional
        Told the number of steps done, after each: to report, to validate, to keep weights (`BestWeights`);
        if it returns True, training ends.

    Returns
    -------
    Tensor, shape (n_kept,)
        Loss of every `loop.every`-th step, on the device; fetched from it when you ask (`.tolist()`).

    Raises
    ------
    ValueError
        If the batches end before the training does.

    Examples
    --------
    >>> w = nn.Parameter(torch.tensor(4.0))
    >>> sgd = torch.optim.SGD([w], lr=0.25)
    >>> train(lambda batch: batch * w**2, endless(lambda: 1.0), sgd, Loop(steps=3)).tolist()
    [16.0, 4.0, 1.0]
    """
    step = Step(loss_of, optimiser, loop, schedule=schedule, clipped=clipped)
    waiting = iter(batches)
    losses = []
    for number in range(1, loop.steps + 1):
        try:
            batch = next(waiting)
        except StopIteration:
            raise ValueError(
                f"the data ended after {number - 1} of {loop.steps} steps; give more, or fewer steps"
            ) from None
        loss = step(batch)
        if number % loop.every == 0:
            losses.append(loss)
        if after is not None and after(number):
            break
    return torch.stack(losses) if losses else torch.zeros(0)


def endless(draw: Callable[[], Batch]) -> Iterator[Batch]:
    """Batches without end from a function that draws one.

    Parameters
    ----------
    draw : callable
        Returns the next batch.

    Returns
    -------
    iterator

    Examples
    --------
    >>> numbers = iter([3, 1, 2])
    >>> batches = endless(lambda: next(numbers))
    >>> next(batches), next(batches)
    (3, 1)
    """
    while True:
        yield draw()


def fused_adam(parameters: Iterable[nn.Parameter], learning_rate: float) -> torch.optim.Adam:
    """Adam, in one kernel where the device has one.

    Parameters
    ----------
    parameters : iterable of Parameter
        What it moves.
    learning_rate : float, from 0
        Its rate.

    Returns
    -------
    torch.optim.Adam

    Raises
    ------
    ValueError
        If there is no parameter, or the rate is negative.

    Examples
    --------
    >>> fused_adam([nn.Parameter(torch.zeros(2))], 1e-3).defaults["fused"]
    True
    """
    listed = list(parameters)
    is_fused = all(parameter.device.type in ("cpu", "cuda", "mps") for parameter in listed)
    return torch.optim.Adam(listed, learning_rate, fused=is_fused)


class BestWeights:
    """Keeps the weights of a model that did best by a score, to put them back at the end.

    Parameters
    ----------
    model : Module
        Its weights and buffers are copied.

    Attributes
    ----------
    scores : list of float
        All that were offered, in order.

    Examples
    --------
    >>> model = nn.Linear(1, 1)
    >>> best = BestWeights(model)
    >>> for bias, score in ((1.0, 0.7), (2.0, 0.9), (3.0, 0.8)):
    ...     _ = nn.init.constant_(model.bias, bias)
    ...     kept = best.offer(score)
    >>> best.restore()
    >>> model.bias.item(), best.best, best.since
    (2.0, 0.9, 1)
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self.scores: list[float] = []
        self._state: dict[str, Tensor] = {}

    @property
    def best(self) -> float:
        """The largest score so far; minus infinity before the first."""
        return max(self.scores, default=float("-inf"))

    @property
    def since(self) -> int:
        """How many scores were offered since the best one: what an early stop waits for."""
        return len(self.scores) - 1 - self.scores.index(self.best) if self.scores else 0

    def offer(self, score: float) -> bool:
        """Keep the weights as they are now if the score is above all before; say whether they were kept."""
        is_best = score > self.best
        self.scores.append(score)
        if is_best:
            self._state = {name: value.detach().clone() for name, value in self._model.state_dict().items()}
        return is_best

    def restore(self) -> None:
        """Put the best weights back; without any score nothing happens."""
        if self._state:
            self._model.load_state_dict(self._state)
