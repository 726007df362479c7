"""Projects of all kinds, for tests that hold for every one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from napari_sam2.core.axes import Axis
from napari_sam2.core.frames.intensity import IntensityLimits
from napari_sam2.core.frames.layout import FrameLayout
from napari_sam2.core.lineage import Descent
from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.core.masks.packing import absent_mask, pack_mask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.core.quality import NAMED
from napari_sam2.core.recipe import (
    Followed,
    Made,
    OtherAxis,
    RecipeStep,
    Removed,
    Told,
)
from napari_sam2.project.session import choices_of, fill_document, stack_geometry
from napari_sam2.project.values import (
    Contents,
    Fingerprint,
    ImageReference,
    ModelReference,
    Placing,
    Project,
    SavedWith,
)
from napari_sam2.state import (
    Document,
    FrameMask,
    MaskTable,
    Origin,
    ReviewThresholds,
    Settings,
    TrackedObject,
)

SHAPE_HW = (12, 50)
PLACING = Placing(
    scale=(3.0, 0.5, -0.1, 0.1),
    translate=(0.0, 1.5, -2.0, 7.0),
    rotate=(
        (1.0, 0.0, 0.0, 0.0),
        (0.0, 1.0, 0.0, 0.0),
        (0.0, 0.0, 0.0, -1.0),
        (0.0, 0.0, 1.0, 0.0),
    ),
    shear=(0.0, 0.0, 0.0, 0.0, 0.0, 0.25),
    affine=tuple(tuple(float(i == j) for j in range(5)) for i in range(5)),
)
FRAMES = 5
AXES = (
    Axis("t", FRAMES, 3.0, "second"),
    Axis("z", 4, 0.5, "micrometer"),
    Axis("y", SHAPE_HW[0], 0.1, "micrometer"),
    Axis("x", SHAPE_HW[1], 0.1, "micrometer"),
)
STACK = stack_geometry(AXES, FrameLayout(0, (2, 3), None, ((1, 2),)))

THRESHOLDS = ReviewThresholds(
    predicted_iou=0.6, object_logit=2.0, area_ratio=1.7, centroid_jump=1.0,
    image_share=0.7, overlap=0.05, touching=0.3,
)  # fmt: skip

STEPS = 4

SAVED = SavedWith(
    {"napari-sam2": "0.1.0"}, "2026-01-02T03:04:05+00:00", "2026-02-03T04:05:06+00:00"
)

estimates = st.floats(allow_nan=False, width=64)
any_texts = st.text(st.characters())
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@st.composite
def packed(draw) -> PackedMask:
    shape = draw(st.sampled_from([SHAPE_HW, (1, 1), (3, 9)]))
    if draw(st.booleans()):
        return absent_mask(SHAPE_HW)
    mask = np.zeros(SHAPE_HW, bool)
    bits = draw(st.integers(1, 2 ** (shape[0] * shape[1]) - 1))
    flat = [bits >> i & 1 for i in range(shape[0] * shape[1])]
    mask[: shape[0], : shape[1]] = np.array(flat, bool).reshape(shape)
    return pack_mask(mask)


@st.composite
def outlines(draw) -> FramePrompts:
    y, x = st.floats(0, SHAPE_HW[0] - 1), st.floats(0, SHAPE_HW[1] - 1)
    points = tuple(draw(st.lists(st.tuples(y, x), max_size=4)))
    labels = draw(st.tuples(*[st.booleans()] * len(points)))
    box = (0.5, 1.25, 7.0, draw(st.floats(3, 40)))
    is_boxed = not points or draw(st.booleans())
    return FramePrompts(points, labels, box if is_boxed else None)


@st.composite
def frame_masks(draw, depth: int = 2) -> FrameMask:
    is_on_top = depth and draw(st.booleans())
    return FrameMask(
        draw(packed()),
        draw(st.sampled_from(Origin)),
        predicted_iou=draw(estimates),
        object_logit=draw(estimates),
        is_locked=draw(st.booleans()),
        is_reviewed=draw(st.booleans()),
        answers=draw(st.none() | outlines()),
        step=draw(st.none() | st.integers(0, STEPS - 1)),
        beneath=draw(frame_masks(depth=depth - 1)) if is_on_top else None,
    )


@st.composite
def steps(draw) -> RecipeStep:
    ids = st.integers(1, 2**32 - 1)
    told = st.builds(
        Told, ids, st.integers(0, FRAMES - 1), st.none() | outlines(),
        st.none() | packed(), st.none() | packed(),
    )  # fmt: skip
    followed = st.builds(
        Followed, st.lists(ids).map(tuple), st.sampled_from(["both", "forward"]),
        st.none() | st.just((1, 4)), st.booleans(), st.integers(0, 99),
        st.lists(
            st.builds(OtherAxis, st.sampled_from([1, 2]), texts),
            unique_by=lambda axis: axis.number,
        ).map(tuple),
    )  # fmt: skip
    made = st.builds(
        Made, texts, st.none() | texts, st.none() | limits(),
        window=st.sampled_from(["off", "auto", "on"]),
        corrects_bleaching=st.booleans(), level=st.integers(0, 3),
        beside=st.lists(texts, max_size=2).map(tuple),
        quality=st.sampled_from([*NAMED.values()]),
    )  # fmt: skip
    return draw(st.one_of(made, told, followed, st.builds(Removed, ids)))


@st.composite
def contents(draw) -> Contents:
    ids = draw(st.lists(st.integers(1, 2**32 - 1), unique=True, max_size=4))
    recipe = draw(st.tuples(*[steps()] * STEPS))
    if not ids:
        return Contents(steps=recipe)
    places = st.tuples(st.sampled_from(ids), st.integers(0, FRAMES - 1))
    first, *others = sorted(ids)
    objects = {first: TrackedObject(first, draw(any_texts))}
    for frame, i in enumerate(others):  # daughters of those before, or of none
        descent = draw(
            st.none() | st.builds(Descent, st.sampled_from([*objects]), st.just(frame))
        )
        objects[i] = TrackedObject(i, draw(any_texts), descent)
    return Contents(
        objects,
        draw(st.dictionaries(places, outlines(), max_size=4)),
        MaskTable(draw(st.dictionaries(places, frame_masks(), max_size=6))),
        recipe,
    )


@st.composite
def limits(draw) -> IntensityLimits:
    low = draw(st.floats(-1e6, 1e6))
    return IntensityLimits((low,) * 3, (low + 1.5,) * 3)


@st.composite
def choices(draw) -> dict[str, object]:
    settings = Settings(
        model=draw(texts),
        device=draw(st.sampled_from(["auto", "cpu", "cuda:1"])),
        axis=draw(st.integers(0, 3)),
        channels=draw(st.none() | st.just((0,)) | st.just((2, 0))),
        direction=draw(st.sampled_from(["both", "forward", "backward"])),
        frame_range=draw(st.none() | st.just((1, 4))),
        only_selected=draw(st.booleans()),
        window=draw(st.sampled_from(["off", "auto", "on"])),
        corrects_bleaching=draw(st.booleans()),
        quality=draw(st.sampled_from(["auto", "exact", "balanced", "fast"])),
        thresholds=ReviewThresholds(
            predicted_iou=draw(st.none() | st.floats(0, 1)), touching=None
        ),
    )
    return dict(choices_of(settings))


@st.composite
def images(draw) -> ImageReference:
    fingerprint = Fingerprint(
        (FRAMES, *SHAPE_HW), "uint16", "ab" * 32, draw(st.none() | st.just(7)), -5
    )
    return ImageReference(
        name=draw(texts),
        # What Python makes of a name that is not proper Unicode
        path=draw(st.none() | texts | st.just("/data/caf\udce9.tif")),
        relative_path=draw(st.none() | st.just("../images/a b.tif")),
        series=draw(st.none() | st.integers(0, 9)),
        dataset=draw(st.none() | st.just("/data/raw")),
        fingerprint=draw(st.none() | st.just(fingerprint)),
    )


@st.composite
def projects(draw) -> Project:
    return Project(
        image=draw(images()),
        stack=replace(
            STACK,
            limits=draw(st.none() | limits()),
            level=draw(st.integers(0, 3)),
            placing=draw(st.none() | st.just(PLACING)),
            beside=draw(st.lists(texts, max_size=2).map(tuple)),
        ),
        beside=draw(st.lists(images(), max_size=2).map(tuple)),
        choices=draw(choices()),
        model=ModelReference(draw(texts), draw(st.none() | st.just("cd" * 32))),
        contents=draw(contents()),
        saved=SAVED,
    )


def disc(y: float, x: float, radius: float = 4) -> np.ndarray:
    rows, columns = np.mgrid[: SHAPE_HW[0], : SHAPE_HW[1]]
    return np.hypot(rows - y, columns - x) <= radius


def example(iou: float = 0.75, *, steps: bool = True) -> Project:
    """Return a project with something of everything; all masks have one estimate.

    Without steps, it is what version 1 could keep.
    """
    points = (6.0, 8.5), (2.0, 3.0)
    click = FramePrompts(points, (True, False), (1.0, 2.0, 11.0, 40.5))
    tracked = FrameMask(pack_mask(disc(6, 20)), Origin.TRACKED, iou, 4.0, step=2)
    answer = FrameMask(
        pack_mask(disc(6, 9)),
        Origin.PROMPTED,
        iou,
        4.0,
        answers=click,
        beneath=tracked,
        step=3,
    )
    painted = FrameMask(
        pack_mask(np.ones(SHAPE_HW, bool)), Origin.PAINTED, iou, 10.0, is_locked=True
    )
    gone = FrameMask(absent_mask(SHAPE_HW), Origin.TRACKED, iou, -3.0, is_reviewed=True)
    recipe = (
        Made("nano", "cd" * 32, IntensityLimits((0.0,), (255.0,))),
        Told(7, 1, painted=painted.mask),
        Followed((1, 7), "both", (1, 4), done=4),
        Told(1, 0, click, previous=tracked.mask),
    )
    masks = {(1, 0): answer, (1, 1): tracked, (7, 1): painted, (7, 4): gone}
    if not steps:
        masks = {place: replace(mask, step=None) for place, mask in masks.items()}
    return Project(
        image=ImageReference("cells", "/data/cells.tif", "cells.tif", 0),
        stack=replace(
            STACK,
            limits=IntensityLimits((0.0,), (255.0,)),
            placing=PLACING if steps else None,
        ),
        choices={"model": "nano", "frame_range": (1, 4), "thresholds": THRESHOLDS},
        model=ModelReference("nano", "cd" * 32),
        contents=Contents(
            {1: TrackedObject(1, "mother"), 7: TrackedObject(7, "Zelle ß")},
            {(1, 0): click},
            MaskTable(masks),
            recipe if steps else (),
        ),
        saved=SAVED,
    )


def new_document(project: Project) -> Document:
    """Return a document with what a project keeps."""
    stack = project.stack
    document = Document(
        frame_count=stack.frame_count,
        shape_hw=stack.shape_hw,
        series_length=stack.numbers.length,
    )
    fill_document(document, project.contents)
    return document
