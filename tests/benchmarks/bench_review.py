"""How well doubts find bad masks: the bundled model on the samples with true masks.

A mask is bad where it shares less than half of its pixels with the truth. Recall is
the share of bad masks that are doubted, precision the share of doubts that are bad,
and "good doubted" the share of good masks that a user looks at for nothing.

python -m tests.benchmarks.bench_review
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_sam2 import VideoTracker, load_model, open_stack
from napari_sam2.core.masks.packing import pack_result
from napari_sam2.io.label_frames import read_labels
from napari_sam2.io.prompt_file import read_prompts
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.io.samples import load_sample, sample_names
from napari_sam2.state import Document, ReviewThresholds, edits
from tests.state.all_doubts import all_doubts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.io.samples import Sample
    from napari_sam2.state import Place

BAD = 0.5


def main() -> None:
    print(f"{'':<16}{'masks':>7}{'bad':>6}{'recall':>8}{'precision':>11}", end="")
    print(f"{'good doubted':>14}")
    scores: dict[tuple[str, Place], float] = {}
    doubted: set[tuple[str, Place]] = set()
    for name in sample_names():
        sample = load_sample(name)
        if sample.labels is None:
            continue
        document = follow(sample)
        found = judge(document, read_labels(sample.labels))
        doubts = all_doubts(document, ReviewThresholds())
        print(line(name, found, doubts))
        scores |= {(name, place): score for place, score in found.items()}
        doubted |= {(name, place) for place in doubts}
    print(line("all", scores, doubted))


def follow(sample: Sample) -> Document:
    """Carry a sample's prompts through the whole stack."""
    frames = stack_frames(open_stack(sample.stack))
    tracker = VideoTracker(load_model("nano"), frames)
    document = Document(frame_count=len(frames), shape_hw=frames.shape_hw)
    prompts = read_prompts(sample.prompts)
    for object_id in prompts.object_ids:
        document.apply(edits.add_object(document, object_id))
    for prompt in prompts.prompts:
        tracker.add(prompt)
    for result in tracker.propagate():
        packed = map(pack_result, (one for one in result if not one.is_prompted))
        document.apply(edits.set_results(document, packed))
    return document


def judge(document: Document, truth: FrameSource) -> dict[Place, float]:
    """Return each mask's intersection over union; 1 where both see nothing."""
    scores = {}
    for frame in range(document.frame_count):
        labels = np.asarray(truth[frame])
        for object_id, one in document.masks.on_frame(frame).items():
            wanted, mask = labels == object_id, one.mask.mask
            union = np.count_nonzero(wanted | mask)
            shared = np.count_nonzero(wanted & mask)
            scores[object_id, frame] = shared / union if union else 1.0
    return scores


def line(name: str, scores: Mapping, doubted: Collection) -> str:
    """Return one line of the table."""
    bad = {place for place, score in scores.items() if score < BAD}
    caught, good = len(bad & set(doubted)), len(scores) - len(bad)
    recall = f"{caught / len(bad):.0%}" if bad else "-"
    precision = f"{caught / len(doubted):.0%}" if doubted else "-"
    wasted = f"{(len(doubted) - caught) / max(1, good):.0%}"
    return (
        f"{name:<16}{len(scores):>7}{len(bad):>6}{recall:>8}{precision:>11}{wasted:>14}"
    )


if __name__ == "__main__":
    main()
