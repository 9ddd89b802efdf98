"""The networks as experiments train them are those of the paper, number by number."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from soundreasons.papers.music_deepfakes import fast, method


def both(kind, n_encoders):
    """The same weights in both forms."""
    forms = []
    for module in (method, fast):
        torch.manual_seed(0)
        if kind == "raw":
            forms.append(module.WaveformDetector(n_encoders, 1 / 64))
        else:
            forms.append(module.SpectrogramDetector(kind, n_encoders, 1 / 16))
    return forms


@settings(max_examples=15, deadline=None)
@given(
    kind=st.sampled_from(["amplitude", "phase", "polar", "raw"]), n_encoders=st.sampled_from([0, 3]),
    level=st.sampled_from([0.0, 0.01, 1.0]), seed=st.integers(0, 1000),
)  # fmt: skip
def test_values_and_gradients_are_those_of_the_method(kind, n_encoders, level, seed):
    sound = level * torch.randn(2, method.SNIPPET, generator=torch.Generator().manual_seed(seed))
    found = []
    for model in both(kind, n_encoders):
        model.train()
        torch.manual_seed(seed)  # the same units are dropped
        outputs = model.listen(sound)
        loss = method.detector_loss(outputs, torch.tensor([0, 1]))
        loss.backward()
        found.append([outputs.real.detach(), *(weight.grad for weight in model.parameters())])
    for plain, quick in zip(*found, strict=True):
        torch.testing.assert_close(quick, plain)


@pytest.mark.parametrize("kind", ["amplitude", "raw"])
def test_weights_of_one_form_fit_the_other(kind):
    plain, quick = both(kind, 3)
    quick.load_state_dict(plain.state_dict())
    assert isinstance(quick, type(plain))
