"""Graphs on the reference's own frames and prompts.

What graphs are made of is held to what the reference stored, and the graphs of the
bundled model to PyTorch, on the same inputs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_sam2.core.results import FrameResult
from napari_sam2.engine.network import Network
from napari_sam2.engine.onnx.opening import open_network
from tests.engine.onnx.eager import eager_network
from tests.engine.parity import (
    LOGITS,
    Run,
    follow_a_click_and_a_box,
    follow_a_mask_both_ways,
)
from tests.golden import reference

STEM = "nano_256"


def test_parts_follow_clicks_and_boxes_as_the_reference_does() -> None:
    network = eager_network(reference.model(STEM))
    follow_a_click_and_a_box(Run(STEM, network))


def test_parts_follow_a_mask_as_the_reference_does() -> None:
    network = eager_network(reference.model(STEM))
    follow_a_mask_both_ways(Run(STEM, network))


def test_graphs_follow_the_reference_prompts_as_pytorch_does(
    nano_onnx: Path, nano
) -> None:
    theirs, ours = logits_of(nano), logits_of(open_network(nano_onnx, device="cpu"))
    assert ours.keys() == theirs.keys()
    for key, wanted in theirs.items():
        assert np.abs(ours[key] - wanted).max() < LOGITS, key


def logits_of(network: Network) -> dict[tuple[str, int, int], np.ndarray]:
    """Return the logits of two runs, by run, frame and object."""
    run = Run(STEM, network)
    run.click_and_box()
    found = {}
    for result in run.tracker.propagate(direction="forward"):
        found |= _logits("forward", run, result)
    run.correct()
    for result in run.tracker.propagate(direction="forward", frames=range(8, 12)):
        found |= _logits("corrected", run, result)
    return found


def _logits(name: str, run: Run, result: FrameResult) -> dict:
    found = {}
    for one in result:
        track = run.tracker._tracks[one.object_id]
        answer = track.answers.get(result.frame)
        state = answer.state if answer else track.bank[result.frame]
        found[name, result.frame, one.object_id] = state.logits[0, 0].numpy()
    return found
