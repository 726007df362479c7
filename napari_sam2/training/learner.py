"""A model that learns: its optimizer, the running mean of its weights, its files."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import torch

from napari_sam2.core.errors import CheckpointError
from napari_sam2.model.checkpoint import load_weights
from napari_sam2.training.export import export

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from napari_sam2.model.sam2 import Sam2Model

LATEST, AVERAGED, PROGRESS, OPTIMIZER = (
    "latest.safetensors", "averaged.safetensors", "progress.json", "optimizer.pt",
)  # fmt: skip


@dataclass(slots=True)
class Progress:
    """How far a stage has come.

    Attributes
    ----------
    seconds : float
        Time trained.
    batches : int
        Batches seen; the next one drawn has this number.
    images : int
        Pictures seen.
    """

    seconds: float = 0.0
    batches: int = 0
    images: int = 0


class Learner:
    """Weights under way.

    Parameters
    ----------
    model : Sam2Model
        On the device that trains.
    decay : float, optional
        Share of the running mean that a step keeps.
    """

    def __init__(self, model: Sam2Model, *, decay: float = 0.998) -> None:
        self.model = model.train().requires_grad_(True)
        self.averaged = copy.deepcopy(model).eval().requires_grad_(False)
        self.progress = Progress()
        self.optimizer = _optimizer(model)
        self._decay = decay
        self._steps = 0

    def step(self, loss: Tensor, rate: float) -> float:
        """Learn from one loss; return the norm of its gradient.

        A step whose gradient is not finite is left out.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0))
        if norm == norm and norm != float("inf"):
            self.optimizer.step()
            self._average()
        return norm

    @torch.no_grad()
    def _average(self) -> None:
        self._steps += 1
        keep = min(self._decay, self._steps / (self._steps + 10))
        for mean, latest in zip(
            self.averaged.parameters(), self.model.parameters(), strict=True
        ):
            mean.lerp_(latest, 1 - keep)

    def save(self, folder: Path) -> None:
        """Write weights, their running mean, the optimizer and how far it has come."""
        export(self.model, folder / LATEST, half=False)
        export(self.averaged, folder / AVERAGED, half=False)
        torch.save(self.optimizer.state_dict(), folder / OPTIMIZER)
        text = json.dumps(asdict(self.progress), indent=2)
        (folder / PROGRESS).write_text(text + "\n", "utf-8")


def start(weights: Path, device: torch.device, decay: float = 0.998) -> Learner:
    """Begin a stage from a weights file."""
    return Learner(load_weights(weights).to(device), decay=decay)


def resume(folder: Path, device: torch.device, decay: float = 0.998) -> Learner | None:
    """Go on with the stage of a folder; None when nothing was trained there yet.

    The optimizer's state is taken when it is there; weights alone are enough.

    Raises
    ------
    CheckpointError
        If what lies there cannot be read.
    """
    if not (folder / LATEST).is_file():
        return None
    learner = start(folder / LATEST, device, decay)
    if (folder / AVERAGED).is_file():
        mean = load_weights(folder / AVERAGED).to(device)
        learner.averaged.load_state_dict(mean.state_dict())
        learner._steps = 1000  # the mean is long since settled
    learner.progress = _read_progress(folder / PROGRESS)
    if (folder / OPTIMIZER).is_file():
        state = torch.load(folder / OPTIMIZER, map_location=device, weights_only=True)
        learner.optimizer.load_state_dict(state)
    return learner


def _read_progress(path: Path) -> Progress:
    if not path.is_file():
        return Progress()
    try:
        return Progress(**json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}). Delete it to begin the stage's clock "
            "again; the weights beside it are kept."
        ) from error


def _optimizer(model: Sam2Model) -> torch.optim.Optimizer:
    """Return AdamW; biases, norms and learned codes are not decayed."""
    decayed: list[torch.nn.Parameter] = []
    free: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        is_matrix = parameter.ndim >= 2 and "embed" not in name and "tpos" not in name
        (decayed if is_matrix else free).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": 0.02},
        {"params": free, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=1e-4, betas=(0.9, 0.98))
