"""What is learnt from, how it goes and what came of it, in sentences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.core.wording import counted
from napari_sam2.finetuning.course import End

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.finetuning.adapting import Adapted
    from napari_sam2.finetuning.course import Report
    from napari_sam2.finetuning.split import Split
    from napari_sam2.finetuning.truth import TruthStack

_SECONDS = 60


def lessons_in_words(stacks: Sequence[TruthStack], splits: Sequence[Split]) -> str:
    """Say what is learnt from, and what is held out."""
    learnt = sum(len(split.training) for split in splits)
    held = sum(map(len, (b for split in splits for b in split.held_out)))
    objects = sum(len(stack.object_ids) for stack in stacks)
    words = (
        f"Learning from {counted(learnt, 'frame')} of {counted(len(stacks), 'stack')} "
        f"with {counted(objects, 'object')}; {held} held out to measure on."
    )
    if any(split.is_snug for split in splits):
        words += (
            " With so few frames the held-out ones lie beside the others, and what is "
            "measured flatters."
        )
    return words


def marks_in_words(report: Report) -> str:
    """Say how far it is: "J 0.512 → 0.759 · loss 0.74 · at most 4 min left"."""
    parts = []
    if report.before is not None and report.best is not None:
        parts.append(f"J {report.before:.3f} → {report.best:.3f}")
    if report.loss is not None:
        parts.append(f"loss {report.loss:.2f}")
    if report.seconds_left > 0:
        minutes, seconds = divmod(round(report.seconds_left), _SECONDS)
        left = f"{minutes} min" if minutes else f"{seconds} s"
        parts.append(f"at most {left} left")
    return " · ".join(parts)


def outcome_in_words(adapted: Adapted) -> str:
    """Say what came of it."""
    outcome = adapted.outcome
    because = f"{outcome.end.value}, after {counted(outcome.steps_done, 'step')}"
    if adapted.card is None:
        return _in_vain(adapted, because)
    words = (
        f"J on held-out frames rose from {outcome.before:.3f} to {outcome.after:.3f} "
        f"({because}): {adapted.path}"
    )
    return f"{words}. {outcome.problem}" if outcome.problem else words


def _in_vain(adapted: Adapted, because: str) -> str:
    name, outcome = Path(adapted.base).name, adapted.outcome
    if not outcome.curve or (outcome.end is End.STOPPED and len(outcome.curve) < 2):
        return "Stopped before what it learnt was measured: no adapter was saved."
    return (
        f"Nothing was better on the held-out frames than {name} as it is, with J "
        f"{outcome.before:.3f} ({because}): no adapter was saved. More masks or more "
        "minutes may help."
    )
