"""The masks of a project as results: frame after frame, into files of any format."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.cancel import Progress
from napari_sam2.core.provenance import made_by
from napari_sam2.core.recipe import last_fused, last_used
from napari_sam2.core.said import describe_said
from napari_sam2.io.reading.opened import SCANNER
from napari_sam2.io.writing.result_format import ResultHeader
from napari_sam2.io.writing.result_formats import check_holds_positions
from napari_sam2.state.lineage import parents_of
from napari_sam2.state.masks import draw_labels, frame_result
from napari_sam2.state.said import everything_said

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.provenance import Provenance
    from napari_sam2.core.said import Described
    from napari_sam2.io.reading.opened import Affine, SpaceCodes
    from napari_sam2.io.writing.result_format import ResultFormat
    from napari_sam2.project.values import Project


def export(
    project: Project,
    path: Path,
    result_format: ResultFormat,
    *,
    header: ResultHeader | None = None,
    overwrite: bool = False,
) -> Generator[Progress]:
    """Write the masks of a project.

    Parameters
    ----------
    project : Project
    path : Path
    result_format : ResultFormat
    header : ResultHeader, optional
        From :func:`result_header`: with the image, for formats that need it, or for
        several files.
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
    header = header or result_header(project)
    with result_format.open(path, header, overwrite=overwrite) as writer:
        for done, frame in enumerate(frames_done):
            yield Progress(done, len(frames_done), f"Writing {path.name}")
            objects = masks.on_frame(frame)
            labels = draw_labels(np.zeros(header.shape_hw, np.uint32), objects)
            writer.write(frame_result(frame, objects), labels)


def result_header(
    project: Project,
    frames: FrameSource | None = None,
    *,
    affine: Affine | None = None,
    space_codes: SpaceCodes = SCANNER,
    said: Described | None = None,
) -> ResultHeader:
    """Return what is known of a project's results before the first frame.

    Parameters
    ----------
    project : Project
    frames : FrameSource, optional
        The image, for formats that need it.
    affine : tuple of 3 rows of 4 float, optional
        Where the image lies in space.
    space_codes : tuple of int, optional
        NIfTI's codes of that space, of sform and qform.
    said : tuple of mapping, optional
        What :func:`said_in` returned, so that it is not computed again.
    """
    parents = parents_of(project.contents.objects)
    return ResultHeader(
        axes=project.stack.result_axes,
        image_axes=project.stack.layout.result_axes,
        names={i: one.name for i, one in project.contents.objects.items()},
        provenance=replace(provenance_of(project, said), parents=parents),
        parents=parents,
        frames=frames,
        limits=project.stack.limits,
        affine=affine,
        space_codes=space_codes,
    )


def said_in(project: Project) -> Described:
    """Describe all that the user said; a project may have very many paintings."""
    contents = project.contents
    return describe_said(
        everything_said(contents.objects, contents.prompts, contents.masks)
    )


def provenance_of(project: Project, said: Described | None = None) -> Provenance:
    """Say what made the masks of a project: the tracker that was used last."""
    image, model, steps = project.image, project.model, project.contents.steps
    made = last_used(steps)
    if not made.model:  # otherwise it is not what was chosen since then
        made = replace(made, model=model.name, sha256=model.sha256, base=model.base)
    pixels = image.fingerprint and image.fingerprint.pixels
    return made_by(
        made,
        last_fused(steps),
        image={"name": image.name, "path": image.path, "sampled_sha256": pixels},
        prompts=said_in(project) if said is None else said,
    )
