"""A viewer without a window, an image in it, and our layers on that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_sam2.core.prompts import FramePrompts
from napari_sam2.layers.image_source import image_source
from napari_sam2.layers.mask_layer import MaskLayer
from napari_sam2.layers.prompt_layers import PromptLayers
from napari_sam2.state import Document, History
from tests.layers.blocks import BLOCK, found

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.layers.image_source import ImageSource

# A box on frame 2, from (3, 5) to (13, 15).
RECTANGLE = np.array([[2, 3, 5], [2, 3, 15], [2, 13, 15], [2, 13, 5]], float)


def points(*points_yx: tuple[float, float], positive: Any = None) -> FramePrompts:
    """Return points, positive ones by default."""
    return FramePrompts(
        points_yx=points_yx, positive=positive or (True,) * len(points_yx)
    )


@dataclass
class Bench:
    """Everything about one image, and a record of what happened."""

    viewer: ViewerModel
    image: ImageSource
    document: Document
    history: History
    refused: list[str] = field(default_factory=list)
    remarked: list[str] = field(default_factory=list)
    said: list[frozenset[tuple[int, int]]] = field(default_factory=list)
    masked: list[frozenset[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        parts = (
            self.viewer.layers, self.viewer.dims, self.image, self.document,
            self.history,
        )  # fmt: skip
        self.masks = MaskLayer(
            *parts, on_refused=self.refused.append, on_remark=self.remarked.append
        )
        self.prompts = PromptLayers(*parts, on_refused=self.refused.append)
        self.viewer.layers.events.removed.connect(self._on_removed)
        self.document.prompts_changed.connect(self.said.append)
        self.document.masks_changed.connect(self.masked.append)
        if self.image.frame_axis is not None:
            self.go_to(0)

    def _on_removed(self, event: Any) -> None:
        if event.value in (self.points, self.boxes):
            self.prompts.forget(event.value)

    @property
    def points(self) -> Any:
        return self.prompts.points

    @property
    def boxes(self) -> Any:
        return self.prompts.boxes

    def go_to(self, frame: int) -> None:
        self.viewer.dims.set_current_step(self.image.frame_axis, frame)


def make_bench(
    shape: tuple[int, ...] = (6, 30, 40),
    *,
    axis: int | None = None,
    at: dict[int, int] | None = None,
    **kwargs: Any,
) -> Bench:
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros(shape, np.uint8), name="cells", **kwargs)
    image = image_source(layer, axis=axis, at=at)
    document = Document(frame_count=image.frame_count, shape_hw=image.shape_hw)
    return Bench(viewer, image, document, History(document))


@pytest.fixture
def bench() -> Bench:
    return make_bench()


@pytest.fixture
def new_bench() -> Callable[..., Bench]:
    return make_bench


@pytest.fixture
def with_block(bench: Bench) -> Bench:
    """Return a bench at frame 2, on which object 1 is a block."""
    found(bench, 1, 2, *BLOCK)
    bench.masks.apply()
    bench.go_to(2)
    bench.masked.clear()
    return bench
