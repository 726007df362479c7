"""Moving discs with their masks, and the bundled model, small enough to learn fast."""

from __future__ import annotations

import pytest
from scipy import ndimage

from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.masks.packing import pack_labels
from napari_sam2.engine.loading import load_model
from napari_sam2.finetuning.truth import TruthStack
from napari_sam2.model.sam2 import Sam2Model
from tests.conftest import discs


def truth(frames=None, count: int = 12, margin: int = 0) -> TruthStack:
    """Return two discs whose masks are known on some frames, by default on all.

    With a margin, masks reach so many pixels beyond the discs: what one user calls an
    object, no model can know.
    """
    stack, labels = discs(count, (48, 64))
    known = range(count) if frames is None else frames
    masks = {frame: pack_labels(_wider(labels[frame], margin)) for frame in known}
    return TruthStack(
        name="discs",
        frames=ArrayFrames(stack),
        limits=as_limits(0, 255),
        masks=masks,
        complete=frozenset(masks),
    )


def _wider(labels, margin):
    return ndimage.grey_dilation(labels, 2 * margin + 1) if margin else labels


@pytest.fixture
def discs_truth() -> TruthStack:
    """Return two discs whose masks are known on all twelve frames."""
    return truth()


@pytest.fixture
def wide_truth() -> TruthStack:
    """Return the discs with a margin of four pixels, which must be learnt."""
    return truth(margin=4)


@pytest.fixture
def pupil_model() -> Sam2Model:
    """Return the bundled model seeing little, free to change."""
    return load_model("nano", device="cpu", image_size=64)
