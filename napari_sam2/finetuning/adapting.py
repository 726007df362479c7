"""From masks to an adapter's file: the base, the course, what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_sam2.core.errors import ModelError
from napari_sam2.engine.loading import load_torch_model
from napari_sam2.engine.weights import (
    BUNDLED_NAME,
    CHECKPOINTS,
    bundled_path,
    cached_path,
    find_base,
    is_exported,
    read_card,
    resolve_weights,
)
from napari_sam2.finetuning.course import Report, TuningOptions
from napari_sam2.finetuning.keeping import Keeper
from napari_sam2.finetuning.parting import part
from napari_sam2.finetuning.saving import describe
from napari_sam2.finetuning.tuning import tune
from napari_sam2.io.files.output import check_output

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from napari_sam2.core.adapter_card import AdapterCard
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.finetuning.course import Outcome
    from napari_sam2.finetuning.truth import TruthStack


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TuningOrder:
    """Everything that an adaptation needs.

    Attributes
    ----------
    stacks : sequence of TruthStack
        Masks to learn from.
    output : Path
        Where the adapter goes; ends in ``.safetensors``.
    model : str
        Name or path of the model to adapt; of an adapter its base.
    device : str
    image_size : int or None
        Side of the square that frames are squashed to; None for the model's own.
    options : TuningOptions
    overwrite : bool
        Whether an adapter that is there may be replaced.
    """

    stacks: Sequence[TruthStack]
    output: Path
    model: str = "nano"
    device: str = "auto"
    image_size: int | None = None
    options: TuningOptions = field(default_factory=TuningOptions)
    overwrite: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Adapted:
    """What came of an adaptation.

    Attributes
    ----------
    base : str
        The model that was adapted.
    outcome : Outcome
    card : AdapterCard or None
        Of the adapter that was saved; None if nothing was better than the base.
    path : Path
        Where it was saved: beside what another program made there meanwhile.
    """

    base: str
    outcome: Outcome
    card: AdapterCard | None
    path: Path


def adapt(order: TuningOrder, token: CancelToken) -> Generator[Report, None, Adapted]:
    """Adapt a model, and save the adapter whenever it is better than before.

    Parameters
    ----------
    order : TuningOrder
    token : CancelToken
        Ends it before its next step; the best so far is saved.

    Yields
    ------
    Report

    Raises
    ------
    Sam2Error
        If there are too few masks, the model cannot be loaded, or the adapter cannot be
        written; while nothing is better than the base, also if a frame cannot be read
        or memory does not suffice.
    """
    check_output(order.output, overwrite=order.overwrite)
    splits = part(order.stacks)
    base = base_name(order.model)
    yield Report(doing=f"Loading {base}")
    model = load_torch_model(
        resolve_weights(base), device=order.device, image_size=order.image_size
    )
    keeper = Keeper(
        order.output,
        lambda outcome: describe(
            base, model.config.image_size, order.stacks, splits, order.options, outcome
        ),
        overwrite=order.overwrite,
    )
    with keeper.telling():
        outcome = yield from tune(
            model, order.stacks, splits, order.options, token, keeper.keep
        )
    return Adapted(base, outcome, keeper.finish(outcome), keeper.path)


def base_name(name_or_path: str) -> str:
    """Return the model that is adapted when this one is named.

    For an adapter it is its base, which learns again: what was learnt before is in the
    masks. Files that are no known model go by their absolute path.

    Raises
    ------
    ModelError, CheckpointError
        If there is no such model, or it is damaged, or it cannot learn.
    """
    path = resolve_weights(name_or_path)
    if is_exported(path):
        raise ModelError(
            f"{path.parent} holds ONNX graphs, which cannot learn: give the weights "
            "that they were made of."
        )
    card = read_card(path)
    return _name_of(path if card is None else find_base(card, path))


def _name_of(path: Path) -> str:
    if path == bundled_path():
        return BUNDLED_NAME
    known = (one.name for one in CHECKPOINTS if cached_path(one) == path)
    return next(known, str(path.absolute()))
