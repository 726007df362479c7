"""The bundled samples: small real stacks, their masks, and prompts for them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import napari_sam2
from napari_sam2.core.errors import StackError

_DESCRIPTIONS = {
    "bacteria_phase": "E. coli micro-colony, phase contrast, time-lapse",
    "cells3d_nuclei": "nuclei of human stem cells, fluorescence, z-stack",
    "mni152_t1": "human brain, average T1 MRI, axial slices",
    "bigbuckbunny": "a rabbit leaving his burrow, colour video (no masks)",
}
_VIDEOS = {"bigbuckbunny"}
_VOLUMES = {"cells3d_nuclei", "mni152_t1"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One bundled stack.

    Attributes
    ----------
    name : str
        As :func:`sample_names` lists it.
    stack : Path
        The stack or video.
    labels : Path or None
        Label stack with the true masks; its values are the ids of the prompts.
    prompts : Path
        Prompt file for some of the objects.
    description : str
        What is to be seen.
    frame_axis : str
        ``t`` or ``z``, which the files themselves do not say.
    """

    name: str
    stack: Path
    labels: Path | None
    prompts: Path
    description: str
    frame_axis: str


def sample_names() -> tuple[str, ...]:
    """Name the bundled samples."""
    return tuple(_DESCRIPTIONS)


def load_sample(name: str) -> Sample:
    """Return the files of one sample.

    Raises
    ------
    StackError
        If there is no sample of this name, or its files are not installed.
    """
    if name not in _DESCRIPTIONS:
        raise StackError(
            f"There is no sample {name!r}: choose one of {', '.join(sample_names())}."
        )
    folder = _sample_folder()
    is_video = name in _VIDEOS
    return Sample(
        name=name,
        stack=folder / (f"{name}.mp4" if is_video else f"{name}.tif"),
        labels=None if is_video else folder / f"{name}_labels.tif",
        prompts=folder / f"{name}.prompts.json",
        description=_DESCRIPTIONS[name],
        frame_axis="z" if name in _VOLUMES else "t",
    )


def is_sample(path: Path) -> bool:
    """Whether a file is one of the bundled samples, and nobody's own."""
    try:
        return path.resolve().parent == _sample_folder().resolve()
    except StackError:
        return False


def _sample_folder() -> Path:
    """Find the samples inside an installed package, or beside it in a checkout."""
    package = Path(napari_sam2.__file__).parent
    for folder in (package / "sample_data", package.parent / "sample_data"):
        if (folder / "README.md").is_file():
            return folder
    raise StackError(
        "The samples are not installed: the folder sample_data is missing. Install "
        "napari-sam2 again, or run from a complete checkout."
    )
