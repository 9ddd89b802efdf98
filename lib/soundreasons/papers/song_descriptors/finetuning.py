"""Teaching an encoder the task: by contrast within a batch, or by the differences that a teacher sees."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from soundreasons.learning import seeding
from soundreasons.learning.cache import Cache, digest
from soundreasons.papers.song_descriptors.encoding import Kind, TransformerEncoder, mean_pooled, padded

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
    """

    steps: int = 30
    batch: int = 32
    max_length: int = 64
    rate: float = 1e-4
    temperature: float = 0.05
    clip: float = 1.0


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


def contrastive_loss(
    queries: torch.Tensor, documents: torch.Tensor, same: torch.Tensor, temperature: float
) -> torch.Tensor:
    """Tell each query's document from those of the others, and the other way round.

    The symmetric softmax loss of van den Oord et al. (2018) over the cosines of a batch. A document that
    reads like the right one is no negative. Chapter: song_descriptors.

    Parameters
    ----------
    queries, documents : tensor, shape (n, n_dims)
        Rows of length one; row k of both belongs together.
    same : bool tensor, shape (n, n)
        Whether two documents of the batch are the same text.
    temperature : float
        Divides the cosines.

    Returns
    -------
    tensor, a number

    Examples
    --------
    >>> vectors = torch.eye(3)
    >>> same = torch.eye(3, dtype=torch.bool)
    >>> round(contrastive_loss(vectors, vectors, same, 1.0).item(), 4)  # log(1 + 2 / e)
    0.5514
    """
    scores = queries @ documents.T / temperature
    others = same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)
    scores = scores.masked_fill(others, -torch.inf)
    targets = torch.arange(len(scores), device=scores.device)
    there = torch.nn.functional.cross_entropy(scores, targets)
    back = torch.nn.functional.cross_entropy(scores.T, targets)
    return (there + back) / 2


def margin_loss(
    queries: torch.Tensor, positives: torch.Tensor, negatives: torch.Tensor, margins: torch.Tensor
) -> torch.Tensor:
    """Ask that the student prefer a document over another by as much as the teacher does.

    MarginMSE (Hofstätter et al., 2020; Wang et al., 2022). Scores are cosines, as in the paper's command
    line, so the teacher's scores must lie in a range of one too. Chapter: song_descriptors.

    Parameters
    ----------
    queries, positives, negatives : tensor, shape (n, n_dims)
        Rows of length one.
    margins : tensor, shape (n,)
        Teacher's score of the positive minus that of the negative.

    Returns
    -------
    tensor, a number

    Examples
    --------
    >>> one, other = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    >>> margin_loss(one, one, other, torch.tensor([0.5])).item()
    0.25
    """
    student = (queries * (positives - negatives)).sum(dim=1)
    return torch.nn.functional.mse_loss(student, margins)


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
) -> tuple[torch.optim.Optimizer, Callable[[], None]]:
    """AdamW over what is not frozen, and what moves its learning rate on.

    Chapter: song_descriptors.
    """
    weights = [weight for weight in encoder.body.parameters() if weight.requires_grad]
    adam = torch.optim.AdamW(weights, lr=settings.rate)
    rising = max(settings.steps // 5, 1)

    def share(step: int) -> float:
        return min((step + 1) / rising, (settings.steps - step) / max(settings.steps - rising, 1))

    schedule = torch.optim.lr_scheduler.LambdaLR(adam, share)
    return adam, schedule.step


def training_step(
    encoder: TransformerEncoder, batch: Batch, adam: torch.optim.Optimizer, settings: Settings
) -> torch.Tensor:
    """Forward, loss, backward, clip, update; returns the loss.

    Chapter: song_descriptors.
    """
    adam.zero_grad(set_to_none=True)
    loss = batch_loss(encoder, batch, settings)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(encoder.body.parameters(), settings.clip)
    adam.step()
    return loss.detach()


def shuffled_batches(examples: Sequence[Example], settings: Settings, seed: int) -> Iterator[list[Example]]:
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
    rng = seeding.rng(seed, "batches")
    waiting: list[int] = []
    for _ in range(settings.steps):
        if len(waiting) < settings.batch:
            waiting = rng.permutation(len(examples)).tolist()
        chosen, waiting = waiting[: settings.batch], waiting[settings.batch :]
        yield [examples[number] for number in chosen]


def fine_tune(
    encoder: TransformerEncoder,
    examples: Sequence[Example],
    settings: Settings,
    seed: int = 0,
    *,
    name: str,
    cache: Cache | None = None,
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
    seed : int
        Order of the examples.
    name : str
        Of the new encoder.
    cache : Cache, optional
        Where the new weights are kept.

    Returns
    -------
    Tuned

    Raises
    ------
    ValueError
        If there are too few examples, or some have negatives and some have not.
    """
    if len({bool(example.negative) for example in examples}) > 1:
        raise ValueError("some examples have a negative and some have none; give all one or none")
    student = training_copy(encoder, settings)

    def compute() -> dict[str, NDArray[np.float32]]:
        losses = _train(student, examples, settings, seed)
        moved = {key: value for key, value in student.body.named_parameters() if value.requires_grad}
        weights = {key: value.detach().cpu().numpy() for key, value in moved.items()}
        return {**weights, "losses": np.array(losses)}

    identity = digest(
        encoder.identity, str(asdict(settings)), str(seed), [str(example) for example in examples]
    )
    kept = cache.arrays(f"weights-{name}", compute, data={"run": identity}) if cache else compute()
    weights = {key: torch.from_numpy(value) for key, value in kept.items() if key != "losses"}
    student.body.load_state_dict(weights, strict=False)
    student.body.requires_grad_(False)
    student.name, student.max_length = name, encoder.max_length
    student.identity = digest(encoder.identity, *(kept[key] for key in sorted(weights)))
    return Tuned(student, kept["losses"].astype(np.float64))


def _train(
    student: TransformerEncoder, examples: Sequence[Example], settings: Settings, seed: int
) -> list[float]:
    student.body.eval()  # no dropout
    adam, move_on = optimiser(student, settings)
    losses = []
    for batch in shuffled_batches(examples, settings, seed):
        losses.append(float(training_step(student, as_tensors(student, batch), adam, settings)))
        move_on()
    return losses
