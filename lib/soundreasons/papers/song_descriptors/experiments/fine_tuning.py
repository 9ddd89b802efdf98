"""Fine-tuning: batches, steps and the schedule, with either loss of `method.teaching`."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from soundreasons.learning import loop, seeding
from soundreasons.learning.cache import Cache, digest, weights_of
from soundreasons.papers.song_descriptors.data.encoding import Kind, TransformerEncoder, padded
from soundreasons.papers.song_descriptors.method.scores import mean_pooled
from soundreasons.papers.song_descriptors.method.teaching import contrastive_loss, margin_loss

# Word pieces and positions stay as they are: half of the weights, and the part that knows rare words.
FROZEN = ("embeddings.",)


@dataclass(frozen=True)
class Settings:
    """How to fine-tune.

    Attributes
    ----------
    steps, batch : int
        Updates, and queries in each.
    max_length : int
        Tokens of a text that are read while training.
    rate : float
        Largest learning rate of AdamW; rises over the first fifth of the steps, then falls to zero.
    temperature : float
        Cosines are divided by it before the softmax of the contrastive loss.
    clip : float
        Longest gradient.
    seed : int
        Order of the examples.
    """

    steps: int = 30
    batch: int = 32
    max_length: int = 64
    rate: float = 1e-4
    temperature: float = 0.05
    clip: float = 1.0
    seed: int = 0


class Example(NamedTuple):
    """A request, a descriptor set that fits it, one that does not, and how much better the first is."""

    query: str
    positive: str
    negative: str = ""
    margin: float = 0.0


class Batch(NamedTuple):
    """Examples on the encoder's device.

    `texts` holds token numbers and mask of queries, positives and perhaps negatives; `same` (n, n) says
    which positives are the same text; `margins` (n,) are the teacher's.
    """

    texts: list[tuple[torch.Tensor, torch.Tensor]]
    same: torch.Tensor
    margins: torch.Tensor | None


class Tuned(NamedTuple):
    """A fine-tuned encoder and the loss at each step."""

    encoder: TransformerEncoder
    losses: NDArray[np.float64]


def as_tensors(encoder: TransformerEncoder, batch: Sequence[Example]) -> Batch:
    """Put a batch where the encoder is.

    Chapter: song_descriptors.

    Parameters
    ----------
    encoder : TransformerEncoder
        Gives tokens and device.
    batch : sequence of Example
        All with a negative and a margin, or all without.

    Returns
    -------
    Batch
    """
    device = encoder.device
    columns: list[tuple[Kind, list[str]]] = [
        ("query", [example.query for example in batch]),
        ("document", [example.positive for example in batch]),
    ]
    margins = None
    if batch[0].negative:
        columns.append(("document", [example.negative for example in batch]))
        margins = torch.tensor([example.margin for example in batch], dtype=torch.float32, device=device)
    texts = [padded(encoder.tokenized(column, kind), device) for kind, column in columns]
    documents = np.array(columns[1][1])
    same = torch.as_tensor(documents[:, np.newaxis] == documents, device=device)
    return Batch(texts, same, margins)


def batch_loss(encoder: TransformerEncoder, batch: Batch, settings: Settings) -> torch.Tensor:
    """Loss of one batch: by margins where it has them, else contrastive.

    Chapter: song_descriptors.
    """
    queries, positives, *others = (_encoded(encoder, ids, mask) for ids, mask in batch.texts)
    if batch.margins is not None:
        return margin_loss(queries, positives, others[0], batch.margins)
    return contrastive_loss(queries, positives, batch.same, settings.temperature)


def _encoded(encoder: TransformerEncoder, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    # A mask of four dimensions is taken as it is; with two, the library would look at its values, which
    # stalls a GPU and which a device without numbers refuses.
    states = encoder.body(input_ids=ids, attention_mask=mask.bool()[:, None, None, :]).last_hidden_state
    return mean_pooled(states, mask)


def training_copy(encoder: TransformerEncoder, settings: Settings) -> TransformerEncoder:
    """Copy an encoder for training: own weights, shorter texts, what is frozen frozen.

    Chapter: song_descriptors.
    """
    body = copy.deepcopy(encoder.body)
    for name, weight in body.named_parameters():
        weight.requires_grad_(not name.startswith(FROZEN))
    return TransformerEncoder(
        encoder.name, encoder.identity, body, encoder.tokenizer, settings.max_length,
        encoder.prefixes, encoder.device, encoder.replacements,
    )  # fmt: skip


def optimiser(
    encoder: TransformerEncoder, settings: Settings
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW over what is not frozen, and the schedule of its learning rate.

    Chapter: song_descriptors.
    """
    weights = [weight for weight in encoder.body.parameters() if weight.requires_grad]
    adam = torch.optim.AdamW(weights, lr=settings.rate)
    rising = max(settings.steps // 5, 1)

    def share(step: int) -> float:
        return min((step + 1) / rising, (settings.steps - step) / max(settings.steps - rising, 1))

    return adam, torch.optim.lr_scheduler.LambdaLR(adam, share)


def shuffled_batches(examples: Sequence[Example], settings: Settings) -> Iterator[list[Example]]:
    """Yield one batch a step; every example once before any comes again.

    Chapter: song_descriptors.

    Raises
    ------
    ValueError
        If there are fewer examples than a batch takes.
    """
    if len(examples) < settings.batch:
        raise ValueError(
            f"{len(examples)} examples, but a batch takes {settings.batch}; give more, or a smaller batch"
        )
    rng = seeding.rng(settings.seed, "batches")
    waiting: list[int] = []
    for _ in range(settings.steps):
        if len(waiting) < settings.batch:
            waiting = rng.permutation(len(examples)).tolist()
        chosen, waiting = waiting[: settings.batch], waiting[settings.batch :]
        yield [examples[number] for number in chosen]


def fine_tune(
    encoder: TransformerEncoder, examples: Sequence[Example], settings: Settings, cache: Cache | None = None
) -> Tuned:
    """Fine-tune a copy of an encoder; without dropout, so that few steps suffice.

    Epure et al. (2024) train 140,000 steps of four by MarginMSE; here a few dozen of either loss. Chapter:
    song_descriptors.

    Parameters
    ----------
    encoder : TransformerEncoder
        Where to start; left as it is.
    examples : sequence of Example
        All with a negative and a margin (MarginMSE), or all without (contrastive).
    settings : Settings
        How.
    cache : Cache, optional
        Where the new weights are kept.

    Returns
    -------
    Tuned
        Its encoder is called after its loss, ``margin`` or ``contrastive``.

    Raises
    ------
    ValueError
        If there are too few examples, or some have negatives and some have not.
    """
    if len({bool(example.negative) for example in examples}) > 1:
        raise ValueError("some examples have a negative and some have none; give all one or none")
    name = "margin" if examples and examples[0].negative else "contrastive"
    student = training_copy(encoder, settings)

    def train() -> tuple[torch.nn.Module, dict[str, NDArray[np.float64]]]:
        adam, schedule = optimiser(student, settings)
        batches = (as_tensors(student, batch) for batch in shuffled_batches(examples, settings))
        student.body.eval()  # no dropout
        told = loop.train(
            lambda batch: batch_loss(student, batch, settings), batches, adam,
            loop.Loop(settings.steps, clip_norm=settings.clip), schedule=schedule,
        )  # fmt: skip
        return student.body, {"losses": told.double().cpu().numpy()}

    identity = digest(encoder.identity, str(asdict(settings)), [str(example) for example in examples])
    run = {"run": identity}
    kept = (
        cache.weights(f"weights-{name}", student.body, train, trainable_only=True, data=run)
        if cache
        else train()[1]
    )
    weights = weights_of(student.body, trainable_only=True)
    student.body.requires_grad_(False)
    student.name, student.max_length = name, encoder.max_length
    student.identity = digest(encoder.identity, *(weights[key] for key in sorted(weights)))
    return Tuned(student, kept["losses"])
