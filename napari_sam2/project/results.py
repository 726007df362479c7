"""The masks of a project as results: frame after frame, into files of any format."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.cancel import Progress
from napari_sam2.core.provenance import (
    Provenance,
    describe_painting,
    describe_prompts,
    describe_settings,
    now_utc,
    software_versions,
)
from napari_sam2.core.recipe import last_fused, last_used
from napari_sam2.io.reading.opened import SCANNER
from napari_sam2.io.writing.result_format import ResultHeader
from napari_sam2.io.writing.result_formats import check_holds_positions
from napari_sam2.project.values import ModelReference
from napari_sam2.state.masks import Origin, draw_labels, frame_result

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.io.reading.opened import Affine, SpaceCodes
    from napari_sam2.io.writing.result_format import ResultFormat
    from napari_sam2.project.values import Contents, Project


def export(
    project: Project,
    path: Path,
    result_format: ResultFormat,
    *,
    frames: FrameSource | None = None,
    affine: Affine | None = None,
    space_codes: SpaceCodes = SCANNER,
    overwrite: bool = False,
) -> Generator[Progress]:
    """Write the masks of a project.

    Parameters
    ----------
    project : Project
    path : Path
    result_format : ResultFormat
    frames : FrameSource, optional
        The image, for formats that need it.
    affine : tuple of 3 rows of 4 float, optional
        Where the image lies in space.
    space_codes : tuple of int, optional
        NIfTI's codes of that space, of sform and qform.
    overwrite : bool, optional
        Whether files that are there may be replaced.

    Yields
    ------
    Progress

    Raises
    ------
    OutputError
        If it cannot be written; what was there is untouched.
    """
    if project.stack.layout.positions:
        check_holds_positions(result_format)
    masks = project.contents.masks
    frames_done = sorted(masks.frames)
    header = replace(
        result_header(project, frames), affine=affine, space_codes=space_codes
    )
    with result_format.open(path, header, overwrite=overwrite) as writer:
        for done, frame in enumerate(frames_done):
            yield Progress(done, len(frames_done), f"Writing {path.name}")
            objects = masks.on_frame(frame)
            labels = draw_labels(np.zeros(header.shape_hw, np.uint32), objects)
            writer.write(frame_result(frame, objects), labels)


def result_header(project: Project, frames: FrameSource | None = None) -> ResultHeader:
    """Return what is known of a project's results before the first frame."""
    return ResultHeader(
        axes=project.stack.result_axes,
        image_axes=project.stack.layout.result_axes,
        names={i: one.name for i, one in project.contents.objects.items()},
        provenance=provenance_of(project),
        frames=frames,
        limits=project.stack.limits,
    )


def provenance_of(project: Project) -> Provenance:
    """Say what made the masks of a project: the tracker that was used last."""
    image, made = project.image, last_used(project.contents.steps)
    model = project.model
    if made.model:  # not what was chosen since then
        model = ModelReference(made.model, made.sha256, made.base)
    pixels = image.fingerprint and image.fingerprint.pixels
    return Provenance(
        created=now_utc(),
        software=software_versions(),
        model=model.name,
        model_sha256=model.sha256,
        model_base=model.base,
        settings=describe_settings(made, last_fused(project.contents.steps)),
        precision=made.precision,
        image={"name": image.name, "path": image.path, "sampled_sha256": pixels},
        prompts=tuple(_said(project.contents)),
    )


def _said(contents: Contents) -> Iterator[Mapping[str, Any]]:
    """Yield what the user said, by object and frame."""
    masks = contents.masks
    painted = {(i, f) for i in contents.objects for f in masks.painted_frames(i)}
    for place in sorted({*contents.prompts, *painted}):
        if place in contents.prompts:
            yield describe_prompts(place, contents.prompts[place])
        one = contents.masks.get(place)
        while one is not None:
            if one.origin is Origin.PAINTED:
                pixels = describe_painting(one.mask)
                yield {"object": place[0], "frame": place[1], **pixels}
            one = one.beneath
