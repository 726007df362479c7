"""What fine-tuning gains on the samples: J on frames that nothing was told about.

    python -m tests.benchmarks.bench_finetune [--minutes 5] [--model nano] …

Of each sample some masks are hidden. The model is tuned
on the rest, of which it holds out a fifth to decide when to stop; then the base and the
tuned model are measured on the hidden stretches, by each way of asking.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from napari_sam2.core.cancel import CancelToken
from napari_sam2.engine.loading import load_model
from napari_sam2.engine.weights import integrity
from napari_sam2.finetuning.adapting import TuningOrder, adapt
from napari_sam2.finetuning.course import TuningOptions
from napari_sam2.finetuning.judging import Examiner
from napari_sam2.finetuning.sources import find_masks, read_masks
from napari_sam2.finetuning.split import Split
from napari_sam2.finetuning.truth import Habits, TruthStack
from napari_sam2.io.samples import load_sample, sample_names

FEW = 20
KINDS = ("box", "click", "mask")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--encoder", default="frozen")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sample", action="append")
    options = parser.parse_args()
    names = [name for name in sample_names() if name != "bigbuckbunny"]
    for name in options.sample or names:
        measure(name, options)


def measure(name: str, options: argparse.Namespace) -> None:
    """Tune on the known part of a sample, and print J on the hidden part."""
    whole = integrity.outcome(read_masks(find_masks(load_sample(name).stack)[0].open()))
    hidden = hide(whole.known)
    near = {frame + step for block in hidden for frame in block for step in (-1, 0, 1)}
    masks = {f: objects for f, objects in whole.masks.items() if f not in near}
    shown = replace(whole, masks=masks, complete=frozenset(masks))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.adapter.safetensors"
        order = TuningOrder(
            stacks=[shown],
            output=path,
            model=options.model,
            options=TuningOptions(
                minutes=options.minutes, seed=options.seed, encoder=options.encoder
            ),
        )
        began = time.monotonic()
        adapted = integrity.outcome(adapt(order, CancelToken()))
        minutes = (time.monotonic() - began) / 60
        outcome = adapted.outcome
        print(
            f"{name}: {len(masks)} frames shown, {sum(map(len, hidden))} hidden; "
            f"{outcome.steps_done} steps in {minutes:.1f} min ({outcome.end.value}); "
            f"deciding J {outcome.before:.3f} → {outcome.after:.3f}"
        )
        base = load_model(options.model)
        tuned = load_model(path) if adapted.card else base
    for kind in KINDS:
        marks = [by_kind(model, whole, hidden, kind) for model in (base, tuned)]
        print(f"    {kind:<6} {marks[0]:.3f} → {marks[1]:.3f}", flush=True)


def hide(known: list[int]) -> tuple[tuple[int, ...], ...]:
    """Return the middle third of each half of the frames; of few, the last quarter."""
    if len(known) < FEW:
        return (tuple(known[-len(known) // 4 :]),)
    half = len(known) // 2
    parts = (known[:half], known[half:])
    return tuple(tuple(one[len(one) // 3 : 2 * len(one) // 3 + 1]) for one in parts)


def by_kind(model, stack: TruthStack, hidden, kind: str) -> float:
    """Return J on hidden frames where objects are asked for in one way."""
    only = Habits(*(float(kind == one) for one in Habits._fields))
    examiner = Examiner(
        [replace(stack, habits=only)], [Split((), hidden)], keeps_features=False
    )
    return integrity.outcome(examiner.examine(model))


if __name__ == "__main__":
    main()
