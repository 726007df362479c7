"""A model that learns: its optimizer, the running mean of its weights, its files."""

from __future__ import annotations

import copy
import json
import pickle
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch

from napari_sam2.core.errors import CheckpointError
from napari_sam2.io.files.output import atomic_output
from napari_sam2.model.checkpoint import read_state_dict
from napari_sam2.training.export import export

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from torch import Tensor

    from napari_sam2.model.sam2 import Sam2Model

LATEST, AVERAGED = "latest.safetensors", "averaged.safetensors"
PROGRESS, OPTIMIZER, HEAD = "progress.json", "optimizer.pt", "head.pt"
_SETTLED = 1000  # steps after which the running mean keeps its full share


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
    head : Module, optional
        Learns along, but is no part of the model.
    decay : float, optional
        Share of the running mean that a step keeps.

    Attributes
    ----------
    warmth : int
        Steps that the optimizer's averages stem from.
    """

    def __init__(
        self,
        model: Sam2Model,
        head: torch.nn.Module | None = None,
        *,
        decay: float = 0.998,
    ) -> None:
        self.model = model.train().requires_grad_(True)
        self.head = head
        self.averaged = copy.deepcopy(model).eval().requires_grad_(False)
        self.progress = Progress()
        self.optimizer = _optimizer(model, head)
        self.warmth = 0
        self._decay = decay
        self._steps = 0

    def step(self, loss: Tensor, rate: float) -> float:
        """Learn from one loss; return the norm of its gradient.

        A step whose gradient is not finite is left out.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.warmth += 1
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0))
        if norm == norm and norm != float("inf"):
            self.optimizer.step()
            self._average()
        return norm

    def _average(self) -> None:
        self._steps += 1
        means, latest = self.averaged.parameters(), self.model.parameters()
        average(means, latest, step=self._steps, decay=self._decay)

    def save(self, folder: Path) -> None:
        """Write weights, their running mean, the optimizer and how far it has come.

        Each file is replaced whole or not at all, as a machine may be taken away at any
        moment.
        """
        export(self.model, folder / LATEST, half=False)
        export(self.averaged, folder / AVERAGED, half=False)
        with atomic_output(folder / OPTIMIZER, overwrite=True) as path:
            torch.save(self.optimizer.state_dict(), path)
        if self.head is not None:
            with atomic_output(folder / HEAD, overwrite=True) as path:
                torch.save(self.head.state_dict(), path)
        text = json.dumps(asdict(self.progress), indent=2)
        with atomic_output(folder / PROGRESS, overwrite=True) as path:
            path.write_text(text + "\n", "utf-8")

    def restore(self, folder: Path) -> None:
        """Take up the stage of a folder: all that lies there besides the weights.

        Weights alone are enough; the optimizer then warms up anew.

        Raises
        ------
        CheckpointError
            If what lies there cannot be read.
        """
        device = next(self.model.parameters()).device
        self.progress = _read_progress(folder / PROGRESS)
        if (folder / AVERAGED).is_file():
            state = read_state_dict(folder / AVERAGED)
            self.averaged.load_state_dict(state)
            self._steps = _SETTLED
        if self.head is not None and (folder / HEAD).is_file():
            self.head.load_state_dict(_load(folder / HEAD, device))
        if (folder / OPTIMIZER).is_file():
            self.optimizer.load_state_dict(_load(folder / OPTIMIZER, device))
            self.warmth = self.progress.batches


@torch.no_grad()
def average(
    means: Iterable[Tensor], latest: Iterable[Tensor], *, step: int, decay: float
) -> None:
    """Let running means follow what was learnt last, in place; fast at first.

    Parameters
    ----------
    means, latest : iterable of Tensor
        In the same order.
    step : int
        How many steps went into them, this one included.
    decay : float
        Share that a step keeps, in the long run.
    """
    keep = min(decay, step / (step + 10))
    torch._foreach_lerp_(list(means), list(latest), 1 - keep)


def latest_weights(folder: Path, first: Path) -> Path:
    """Return the weights that a stage goes on from: its own, or the first ones."""
    own = folder / LATEST
    return own if own.is_file() else first


def _load(path: Path, device: torch.device) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(path, device, weights_only=True)
    except (RuntimeError, OSError, EOFError, pickle.UnpicklingError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}). Delete it: the stage goes on without it."
        ) from error
    return state


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


def _optimizer(model: Sam2Model, head: torch.nn.Module | None) -> torch.optim.Optimizer:
    """Return AdamW; biases, norms and learned codes are not decayed.

    The encoder learns at half the rate: what all else has learnt rests on it.
    """
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = defaultdict(list)
    for name, parameter in model.named_parameters():
        is_matrix = parameter.ndim >= 2 and "embed" not in name and "tpos" not in name
        share = 0.5 if name.startswith("image_encoder.") else 1.0
        groups[share, 0.02 if is_matrix else 0.0].append(parameter)
    if head is not None:
        groups[1.0, 0.0] += head.parameters()
    return torch.optim.AdamW(
        [
            {"params": parameters, "share": share, "weight_decay": decay}
            for (share, decay), parameters in groups.items()
        ],
        lr=1e-4,
        betas=(0.9, 0.98),
    )
