"""Could one not explain a plain network afterwards? The same question: which features did it take?

Attributions of a trained network's logit at given points by captum, shap and lime; a feature counts as named
when its attribution is above half of the largest, in absolute value; right means that exactly the right
features are named. Chapter: interpretable_attribution.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from soundreasons.papers.interpretable_attribution.data.toys import Points, Toy

LEVEL = 0.5  # share of the largest attribution that names a feature
N_BACKGROUND = 32  # points that shap averages over
N_LIME = 200  # points that LIME draws around each instance
_Method = Callable[[nn.Module, Tensor, Tensor, int], NDArray[np.float64]]


def _captum(name: str, baseline: bool, **settings: Any) -> _Method:
    def attribute(network: nn.Module, x: Tensor, background: Tensor, seed: int) -> NDArray[np.float64]:
        import captum.attr  # type: ignore[import-untyped]

        torch.manual_seed(seed)  # captum's sampling draws from the global generator
        method = getattr(captum.attr, name)(network)
        given = {"baselines": torch.zeros_like(x)} if baseline else {}
        found = method.attribute(x.clone().requires_grad_(), target=0, **given, **settings)
        return found.detach().cpu().numpy().astype(np.float64)  # type: ignore[no-any-return]

    return attribute


def _logit(network: nn.Module, device: torch.device) -> Callable[[NDArray[Any]], NDArray[np.float64]]:
    def logit(rows: NDArray[Any]) -> NDArray[np.float64]:
        with torch.no_grad():
            found = network(torch.as_tensor(rows, dtype=torch.float32, device=device))
        return found.squeeze(-1).cpu().numpy().astype(np.float64)  # type: ignore[no-any-return]

    return logit


def _kernel_shap(network: nn.Module, x: Tensor, background: Tensor, seed: int) -> NDArray[np.float64]:
    import shap  # type: ignore[import-untyped]

    rows = background[:N_BACKGROUND].cpu().numpy()
    explainer = shap.KernelExplainer(_logit(network, x.device), rows)
    return np.asarray(explainer.shap_values(x.cpu().numpy(), silent=True), dtype=np.float64)


def _lime(network: nn.Module, x: Tensor, background: Tensor, seed: int) -> NDArray[np.float64]:
    from lime.lime_tabular import LimeTabularExplainer  # type: ignore[import-untyped]

    explainer = LimeTabularExplainer(
        background.cpu().numpy(), mode="regression", discretize_continuous=False, random_state=seed
    )
    logit, found = _logit(network, x.device), np.zeros(tuple(x.shape))
    for place, row in enumerate(x.cpu().numpy()):
        told = explainer.explain_instance(row, logit, num_features=x.shape[1], num_samples=N_LIME)
        for feature, value in next(iter(told.local_exp.values())):
            found[place, feature] = value
    return found


POST_HOC: Mapping[str, _Method] = MappingProxyType(
    {
        "gradient": _captum("Saliency", False),
        "input_x_gradient": _captum("InputXGradient", False),
        "integrated_gradients": _captum("IntegratedGradients", True, n_steps=32),
        "deeplift": _captum("DeepLift", True),
        "shapley_sampling": _captum("ShapleyValueSampling", True, n_samples=10),
        "kernel_shap": _kernel_shap,
        "lime": _lime,
    }
)


def post_hoc(
    method: str, network: nn.Module, x: Tensor, background: Tensor, *, seed: int = 0
) -> NDArray[np.float64]:
    """Attribute the logit of a network at given points to its input features.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    method : str
        Of `POST_HOC`. Those that need a baseline take the origin; shap and lime take `background`.
    network : Module
        Maps (n, n_features) to (n, 1); with `nn.ReLU` modules, which DeepLIFT rewrites.
    x : Tensor, shape (n, n_features)
        Rows to explain or to judge.
    background : Tensor, shape (n_background, n_features)
        Points of the same kind.
    seed : int
        Of what a method draws.

    Returns
    -------
    ndarray, shape (n, n_features), in the unit of the logit or per unit of input

    Raises
    ------
    ValueError
        If there is no such method.
    """
    if method not in POST_HOC:
        raise ValueError(f"method is {method!r}, expected one of {', '.join(POST_HOC)}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # captum's about hooks and gradients it switches on
        return POST_HOC[method](network, x, background, seed)


def named_features(attributions: NDArray[np.float64], level: float = LEVEL) -> NDArray[np.bool_]:
    """Name the features whose attribution is above a share of the largest, in absolute value.

    Chapter: interpretable_attribution.

    Examples
    --------
    >>> named_features(np.array([[2.0, -1.5, 0.1], [0.0, 0.0, 0.0]])).astype(int).tolist()
    [[1, 1, 0], [0, 0, 0]]
    """
    size = np.abs(attributions)
    return np.asarray(size > level * size.max(axis=1, keepdims=True))


def right_features(problem: Toy, points: Points) -> NDArray[np.bool_]:
    """Tell which features the right subset of each point holds. Chapter: interpretable_attribution."""
    features = np.zeros((len(problem.subsets), problem.centres.shape[1]), dtype=bool)
    for number, subset in enumerate(problem.subsets):
        features[number, [column for group in subset for column in problem.groups[group]]] = True
    return np.asarray(features[points.right.cpu().numpy()])


def post_hoc_right(
    method: str, network: nn.Module, problem: Toy, points: Points, n_explained: int, *, seed: int = 0
) -> float:
    """Share of points for which a method names exactly the right features.

    Chapter: interpretable_attribution.

    Parameters
    ----------
    method, network, seed
        As for `post_hoc`.
    problem : Toy
        Which toy.
    points : Points
        The first `n_explained` are explained; the others are the background.
    n_explained : int
        How many.

    Returns
    -------
    float
    """
    x, background = points.x[:n_explained], points.x[n_explained:]
    named = named_features(post_hoc(method, network, x, background, seed=seed))
    return float((named == right_features(problem, points)[:n_explained]).all(axis=1).mean())
