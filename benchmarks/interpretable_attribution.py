"""Time of a training step against the number of experts H, for the chapter `interpretable_attribution`.

    python benchmarks/interpretable_attribution.py    # two or three minutes; needs a quiet machine

A step is forward, E-step, backward and Adam, for the same experts computed in three ways: H separate
networks (an optimiser each, as one would write it first), the block form, and the masked form. Experts share
nothing, so that all three are the same function, which is checked. The masked and the block form are timed
again with larger experts reading smaller ones. Everything is measured twice: processor time on one thread,
and time by the clock on two. Each is the median of several rounds, and rounds of the ways alternate, so that
a slow minute of the machine hits all. Writes interpretable_attribution.json, .md and .png beside this file,
in results/.
"""

from __future__ import annotations

import itertools
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from soundreasons.papers.interpretable_attribution import fast, method
from soundreasons.papers.interpretable_attribution.experiments.plain import plain_network

RESULTS = Path(__file__).parent / "results"
SIZES = (2, 4, 8, 16, 32)
N_GROUPS, PER_GROUP, HIDDEN, BATCH = 6, 4, (16, 16), 256
ROUNDS, SECONDS_A_ROUND = 7, 0.2
CLOCKS = {1: ("processor", time.process_time), 2: ("clock", time.perf_counter)}  # by number of threads
LEAST_SPEED_UP, AT = 3.0, 16  # the limit that the project set itself, on either


def subsets_of(n_experts: int) -> list[tuple[int, ...]]:
    """Give the smallest subsets of six groups, and everything."""
    sizes = range(1, N_GROUPS + 1)
    every = [s for size in sizes for s in itertools.combinations(range(N_GROUPS), size)]
    return [*every[: n_experts - 1], tuple(range(N_GROUPS))]


class Separate(nn.Module):
    """H perceptrons, one after the other."""

    def __init__(self, experts: method.RestrictedExperts) -> None:
        super().__init__()
        self.subsets = experts.subsets
        columns = [
            [c for g, held in enumerate(row) if held for c in experts.groups[g]] for row in self.subsets
        ]
        self.columns = [torch.tensor(listed) for listed in columns]
        self.networks = nn.ModuleList(plain_network(len(listed), HIDDEN) for listed in columns)
        layers: Any = experts.layers
        with torch.no_grad():
            for number, network in enumerate(self.networks):
                linear = [layer for layer in network if isinstance(layer, nn.Linear)]  # type: ignore[union-attr]
                for layer, blocks in zip(linear, layers, strict=True):
                    layer.weight.copy_(blocks.weights[number])
                    layer.bias.copy_(blocks.biases[number])

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """What the experts say, shape (n, H)."""
        return torch.cat([net(x[:, c]) for net, c in zip(self.networks, self.columns, strict=True)], dim=1)


def stepper(model: Any, optimisers: list[torch.optim.Optimizer], x: Any, y: Any) -> Callable[[], None]:
    """Make a function that takes one training step."""
    children = method.strict_children(model.subsets)

    def step() -> None:
        loss = fast.batch_loss(model.logits(x), y, model.subsets, children=children)
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for optimiser in optimisers:
            optimiser.step()

    return step


def adam(parameters: Any) -> torch.optim.Optimizer:
    """Adam in one kernel, for all ways alike."""
    return torch.optim.Adam(parameters, 1e-3, fused=True)


def ways(n_experts: int) -> dict[str, Callable[[], None]]:
    """Build the same experts in all ways; refuse to go on if they do not say the same."""
    generator = torch.Generator().manual_seed(n_experts)
    groups = [list(range(k * PER_GROUP, (k + 1) * PER_GROUP)) for k in range(N_GROUPS)]
    x = torch.randn(BATCH, N_GROUPS * PER_GROUP, generator=generator)
    y = (torch.rand(BATCH, generator=generator) < 0.5).float()
    subsets, steps = subsets_of(n_experts), {}
    for kind, sharing in (("apart", "none"), ("joined", "stopped")):
        blocks = method.RestrictedExperts(groups, subsets, HIDDEN, sharing=sharing, generator=generator)
        masked = fast.RestrictedExperts.of(blocks)
        models: dict[str, Any] = {f"blocks, {kind}": blocks, f"masked, {kind}": masked}
        if sharing == "none":
            models["separate networks"] = Separate(blocks)
        said = [model.logits(x) for model in models.values()]
        if not all(torch.allclose(said[0], other, atol=1e-5) for other in said):
            sys.exit(f"H = {n_experts}: the ways do not say the same")
        for name, model in models.items():
            own = (
                [model.parameters()]
                if name != "separate networks"
                else [n.parameters() for n in model.networks]
            )
            steps[name] = stepper(model, [adam(list(part)) for part in own], x, y)
    return steps


def timed(step: Callable[[], None], clock: Callable[[], float]) -> float:
    """Milliseconds of a step, over a fifth of a second."""
    start, n = clock(), 0
    while clock() - start < SECONDS_A_ROUND:
        step()
        n += 1
    return 1000 * (clock() - start) / n


def measure(n_experts: int, threads: int) -> dict[str, float]:
    """Median milliseconds of a step, by way."""
    torch.set_num_threads(threads)
    name_of_clock, clock = CLOCKS[threads]
    steps = ways(n_experts)
    for step in steps.values():
        for _ in range(20):
            step()
    found: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(ROUNDS):
        for name, step in steps.items():
            found[name].append(timed(step, clock))
    medians = {name: statistics.median(values) for name, values in found.items()}
    shown = {name: round(value, 2) for name, value in medians.items()}
    print(f"{n_experts} experts, {threads} threads, {name_of_clock} milliseconds: {shown}", flush=True)
    return medians


def run_all() -> None:
    """Measure all numbers of experts, write the three files, and compare with the limit."""
    tables = {threads: {n: measure(n, threads) for n in SIZES} for threads in CLOCKS}
    speed_ups = {
        threads: {n: row["separate networks"] / row["masked, apart"] for n, row in rows.items()}
        for threads, rows in tables.items()
    }
    python = f"Python {platform.python_version()}, torch {torch.__version__.partition('+')[0]}"
    summary = {
        "machine": f"{platform.system()} {platform.machine()}, {python}", "batch": BATCH, "hidden": HIDDEN,
        "milliseconds": tables, "speed_up": speed_ups,
    }  # fmt: skip
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(summary, indent=1) + "\n"
    (RESULTS / "interpretable_attribution.json").write_text(text, encoding="utf-8")
    (RESULTS / "interpretable_attribution.md").write_text(_report(summary), encoding="utf-8")
    _draw(tables[1])
    slow = {
        threads: round(found[AT], 1) for threads, found in speed_ups.items() if found[AT] < LEAST_SPEED_UP
    }
    if slow:
        sys.exit(f"masked is not {LEAST_SPEED_UP} times as fast at H = {AT}; by number of threads: {slow}")


def _report(summary: dict[str, Any]) -> str:
    lines = ["# A training step of `interpretable_attribution` against the number of experts", ""]
    lines += [f"{summary['machine']}; batch of {BATCH}, hidden layers of {HIDDEN[0]} units a block."]
    for threads, rows in summary["milliseconds"].items():
        names, ratios = list(next(iter(rows.values()))), summary["speed_up"][threads]
        kind = f"{CLOCKS[threads][0].capitalize()} milliseconds on {threads} thread{'s' * (threads > 1)}"
        lines += ["", f"{kind}, median of alternating rounds:", ""]
        lines += ["| H | " + " | ".join(names) + " | separate / masked |", "|---" * (len(names) + 2) + "|"]
        for n, row in rows.items():
            cells = " | ".join(f"{row[name]:.2f}" for name in names)
            lines.append(f"| {n} | {cells} | {ratios[n]:.1f} |")
        is_met = "met" if ratios[AT] >= LEAST_SPEED_UP else "missed"
        lines += ["", f"Limit: separate / masked at least {LEAST_SPEED_UP:.0f} at H = {AT}: {is_met}."]
    return "\n".join(lines) + "\n"


def _draw(rows: dict[int, dict[str, float]]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    ax = figure.subplots()
    styles = {"separate networks": ("#D55E00", "-"), "blocks, apart": ("#0072B2", "-"),
              "masked, apart": ("#009E73", "-"), "blocks, joined": ("#0072B2", "--"),
              "masked, joined": ("#009E73", "--")}  # fmt: skip
    for name, (colour, style) in styles.items():
        values = [row[name] for row in rows.values()]
        ax.loglog(list(rows), values, style, marker="o", color=colour, label=name)
    ax.set(xlabel="experts, H", ylabel="processor milliseconds a training step")
    ax.set_xticks(list(rows), [str(n) for n in rows])
    ax.legend(fontsize=8)
    figure.savefig(RESULTS / "interpretable_attribution.png", dpi=144)


if __name__ == "__main__":
    run_all()
