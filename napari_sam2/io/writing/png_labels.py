"""Labels as a folder of indexed PNG pictures, as DAVIS has them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import OutputError
from napari_sam2.core.provenance import NOTE
from napari_sam2.core.results import FrameResult
from napari_sam2.io.files.folder_output import atomic_folder
from napari_sam2.io.files.output import naming_output
from napari_sam2.io.writing.beside import provenance_beside
from napari_sam2.io.writing.maker import MAKER, tells_maker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.io.writing.result_format import ResultHeader

_MOST_IDS = 255
_DIGITS = 5


@dataclass(slots=True)
class _Pictures:
    """Writes a picture per frame. Made by :func:`open_png_labels`."""

    path: Path
    folder: Path
    header: ResultHeader
    written: set[int] = field(default_factory=set)

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        from PIL import Image
        from PIL.PngImagePlugin import PngInfo

        picture = Image.fromarray(labels.astype(np.uint8)).convert("L")
        picture.putpalette(davis_palette())
        about = PngInfo()
        about.add_text("Software", MAKER)
        about.add_text("Comment", NOTE)
        digits = max(_DIGITS, len(str(self.header.frame_count - 1)))
        name = f"{result.frame:0{digits}d}.png"
        with naming_output(self.path):
            picture.save(self.folder / name, pnginfo=about)
        self.written.add(result.frame)

    def fill(self) -> None:
        """Write empty pictures of the frames that never came."""
        blank = np.zeros(self.header.shape_hw, np.uint8)
        for frame in set(range(self.header.frame_count)) - self.written:
            self.write(FrameResult(frame, ()), blank)


@contextmanager
def open_png_labels(
    path: Path, header: ResultHeader, *, overwrite: bool
) -> Iterator[_Pictures]:
    """Write ``00000.png``, ``00001.png``, …, with 8-bit indices of DAVIS' palette.

    Raises
    ------
    OutputError
        If an id is above 255.
    """
    if header.largest_id > _MOST_IDS:
        raise OutputError(
            f"Object {header.largest_id} cannot be written: indexed pictures hold ids "
            f"up to {_MOST_IDS}. Give it a smaller number, or write a TIFF."
        )
    with (
        provenance_beside(path, header.provenance, overwrite=overwrite),
        atomic_folder(path, _is_ours, overwrite=overwrite) as folder,
    ):
        pictures = _Pictures(path, folder, header)
        yield pictures
        pictures.fill()


def _is_ours(path: Path) -> bool:
    return path.suffix == ".png" and path.stem.isdigit() and tells_maker(path)


@cache
def davis_palette() -> bytes:
    """Return 256 colours of three bytes: those of PASCAL VOC, which DAVIS uses.

    The bits of an index, from the lowest, go to red, green and blue in turn, and in
    each of these to ever lower bits.
    """
    palette = np.zeros((256, 3), np.uint8)
    indices = np.arange(256)
    for place in range(8):
        for channel in range(3):
            bit = indices >> (3 * place + channel) & 1
            palette[:, channel] |= (bit << (7 - place)).astype(np.uint8)
    return palette.tobytes()
