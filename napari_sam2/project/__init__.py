"""One file that keeps everything about an image: a project, ``NAME.sam2``.

No Qt, no napari, no torch. Start here:

``reading``, ``writing``
    :func:`read_project` and :func:`write_project`: a file to a :class:`Project` and
    back; what goes wrong is a ``ProjectError`` with a sentence.
``session``
    :func:`project_header` and :func:`project_of` take settings and a document down;
    :func:`fill_document` and :func:`apply_choices` bring them back.
``autosave``, ``autosave_pace``, ``recovery``
    :class:`Autosave` keeps a recovery file while somebody works, soon after changes;
    :func:`find_recoverable` finds those of sessions that crashed.
``results``
    :func:`export` writes the masks in any of the
    :mod:`napari_sam2.io.writing.result_formats`.
``image``
    :func:`refer_to_image`, :func:`locate_image`, :func:`open_image`: from a project to
    its pixels, also when they moved or changed.
``values``
    :class:`Project` and its parts.

The file is described in :mod:`napari_sam2.project.schema`.

>>> header = project_header(settings, image=image, stack=stack)
>>> project = project_of(document, header, controller.recorder.steps)
>>> write_project("cells.sam2", project)
"""

from napari_sam2.project.autosave import Autosave
from napari_sam2.project.image import (
    ImageState,
    Whereabouts,
    locate_image,
    refer_to_image,
    with_known_pixels,
)
from napari_sam2.project.image_paths import locate_companion, related_to
from napari_sam2.project.reading import read_project
from napari_sam2.project.recovery import Recovery, find_recoverable
from napari_sam2.project.session import (
    apply_choices,
    fill_document,
    project_header,
    project_of,
    stack_geometry,
)
from napari_sam2.project.values import Project
from napari_sam2.project.writing import write_project

__all__ = [
    "Autosave",
    "ImageState",
    "Project",
    "Recovery",
    "Whereabouts",
    "apply_choices",
    "fill_document",
    "find_recoverable",
    "locate_companion",
    "locate_image",
    "project_header",
    "project_of",
    "read_project",
    "refer_to_image",
    "related_to",
    "stack_geometry",
    "with_known_pixels",
    "write_project",
]
