"""What was learnt to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safetensors.torch import save

from napari_sam2.core.adapter_card import AdapterCard, BaseWeights, LearntStack
from napari_sam2.core.provenance import now_utc, software_versions
from napari_sam2.engine.weights import weights_sha256
from napari_sam2.io.files.output import atomic_output

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_sam2.finetuning.course import Outcome, TuningOptions
    from napari_sam2.finetuning.split import Split
    from napari_sam2.finetuning.truth import TruthStack


def describe(
    base: str,
    image_size: int,
    stacks: Sequence[TruthStack],
    splits: Sequence[Split],
    options: TuningOptions,
    outcome: Outcome,
) -> AdapterCard:
    """Return what an adapter says about itself.

    Parameters
    ----------
    base : str
        From :func:`~napari_sam2.finetuning.adapting.base_name`.
    image_size : int
        Side of the square that frames were squashed to, in pixels.
    stacks : sequence of TruthStack
    splits : sequence of Split
        One per stack.
    options : TuningOptions
    outcome : Outcome
    """
    return AdapterCard(
        base=BaseWeights(base, weights_sha256(base)),
        image_size=image_size,
        encoder=options.encoder,
        lessons=tuple(
            LearntStack(
                stack.name,
                len(split.training),
                sum(map(len, split.held_out)),
                len(stack.object_ids),
            )
            for stack, split in zip(stacks, splits, strict=True)
        ),
        before=outcome.before,
        after=outcome.after,
        steps=outcome.steps,
        seed=options.seed,
        created=now_utc(),
        software=software_versions(),
    )


def save_adapter(
    path: Path, outcome: Outcome, card: AdapterCard, *, overwrite: bool = False
) -> None:
    """Write an adapter, whole or not at all.

    Parameters
    ----------
    path : Path
        Ends in ``.safetensors``.
    outcome : Outcome
        With changes.
    card : AdapterCard
    overwrite : bool, optional

    Raises
    ------
    OutputError
        If it cannot be written, or is there and must not be replaced.
    """
    assert outcome.changes is not None
    content = save(outcome.changes, card.as_metadata())
    with atomic_output(path, overwrite=overwrite, keeps=True) as unfinished:
        unfinished.write_bytes(content)
