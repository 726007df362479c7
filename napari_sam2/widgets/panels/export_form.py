"""The form that says what to save, of which frames, and where."""

from __future__ import annotations

import mimetypes
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox, LineEdit, SpinBox
from qtpy.QtWidgets import QFileDialog, QMessageBox, QWidget

from napari_sam2.io.writing.result_formats import RESULT_FORMATS, find_result_format
from napari_sam2.project.image_paths import exists
from napari_sam2.widgets.controls.controls import column
from napari_sam2.widgets.controls.forms import Form, beside, push_button

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from napari_sam2.io.writing.result_format import ResultFormat


# What is added to the image's name; other formats are called after themselves.
_LABELS = "labels-tiff", "labels-zarr", "labels-zarr-0.4", "labels-nifti"
_STEM_ENDINGS = dict.fromkeys(_LABELS, "_labels") | {"csv": "_objects"}
_TYPES = mimetypes.MimeTypes()
_USUAL = "labels-tiff"
_USUAL_BESIDE = {".nii": "labels-nifti", ".nii.gz": "labels-nifti"}
_MOST_BYTES = 200  # of the 255 that a file's name may have
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What to save.

    Attributes
    ----------
    result_format : ResultFormat
    path : Path
    frames : range or None
        None for all.
    """

    result_format: ResultFormat
    path: Path
    frames: range | None


class ExportForm(QWidget):
    """Asks what to save, of which frames, and where; and before it replaces a file.

    Parameters
    ----------
    name : str
        Of the image, for file names.
    frame_count : int
        All frames are saved where there are many positions; then this is None, and
        only formats that hold positions are offered.
    on_order : callable
        Takes an :class:`ExportOrder`.
    frames_with_masks : callable, optional
        Returns their numbers.
    image_path : Path, optional
        Of the image: results are proposed beside it, in its own format where there is
        one for labels; else in the home folder.
    parent : QWidget, optional
    """

    def __init__(
        self,
        name: str,
        frame_count: int | None,
        on_order: Callable[[ExportOrder], object],
        *,
        frames_with_masks: Callable[[], Collection[int]] = frozenset,
        image_path: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._name = as_file_name(name)
        self._folder = _folder_beside(image_path)
        self._usual = _usual_beside(image_path)
        self._on_order = on_order
        self._frames_with_masks = frames_with_masks
        self._is_whole = frame_count is None
        self._make_fields((frame_count or 1) - 1)
        tip = "Leave frames out at either end"
        ends = beside("Frames", tip, self.first, self.last, self.with_masks)
        self._form = Form(
            self.kind,
            *(() if self._is_whole else (ends,)),
            beside("File", "Where to save it", self.path, self._browse),
            self.save_button,
        )
        column(self, self._form)
        self.kind.changed.connect(self._on_kind_chosen)
        words = self.with_masks.native  # which are short, and are to be read as a whole
        words.setMinimumWidth(words.fontMetrics().horizontalAdvance(words.text()) + 12)

    def _make_fields(self, last: int) -> None:
        self.kind = ComboBox(
            label="Save",
            choices=[
                (one.description, one.name)
                for one in RESULT_FORMATS
                if one.holds_positions or not self._is_whole
            ],
            value=self._usual,
            tooltip="The masks as a stack that any program reads, a row of "
            "measurements for every object on every frame, or what else reads them",
        )
        self.first = SpinBox(value=0, max=last, tooltip="The first frame to save")
        self.last = SpinBox(value=last, max=last, tooltip="The last frame to save")
        self.with_masks = push_button(
            "Masks", "From the first frame with a mask to the last", self._fit
        )
        proposed = self._folder / self._file_name(self._usual)
        self.path = LineEdit(
            label="File", value=str(proposed), tooltip="The file that is written"
        )
        self._browse = push_button("…", "Choose the folder and the name", self._ask)
        self.save_button = push_button(
            "Save file", "Write it in the background; Stop (Esc) stops it", self.save
        )
        self.path.native.returnPressed.connect(self.save_button.native.click)

    def save(self) -> None:
        """Order what the form says, once the user agrees to replace what is there."""
        path = self._complete_path()
        self.path.value = str(path)
        if exists(path) and not may_replace(path, self):
            return
        chosen = find_result_format(self.kind.value)
        first, last = sorted((self.first.value, self.last.value))
        frames = None if self._is_whole else range(first, last + 1)
        self._on_order(ExportOrder(chosen, path, frames))

    def _fit(self) -> None:
        """Leave out the frames before the first mask, and behind the last."""
        frames = self._frames_with_masks()
        if frames:
            self.first.value, self.last.value = min(frames), max(frames)

    def _file_name(self, name: str) -> str:
        return f"{self._name}{_STEM_ENDINGS.get(name, f'_{name}')}{_ending(name)}"

    def _complete_path(self) -> Path:
        """Return what is written in the form, as a file: never a bare folder."""
        written = _as_path(str(self.path.value))
        is_folder = exists(written) and written.is_dir()
        is_output = is_folder and find_result_format(self.kind.value).is_folder
        if not written.name or (is_folder and not is_output):
            written = written / self._file_name(self.kind.value)
        path = written if written.is_absolute() else self._folder / written
        ending = _ending(self.kind.value)
        return path if _has_ending(path) else path.with_name(path.name + ending)

    def _on_kind_chosen(self, name: str) -> None:
        self.path.value = str(self._complete_path().with_name(self._file_name(name)))

    def _ask(self) -> None:
        ending = _ending(self.kind.value)
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            "Save as",
            str(self._complete_path()),
            f"{ending[1:].upper()} (*{ending})" if ending else "",
            options=QFileDialog.Option.DontConfirmOverwrite,  # asked once, by save
        )
        if chosen:
            self.path.value = chosen


def _folder_beside(image_path: Path | None) -> Path:
    """Return the folder of an image if files can be written there."""
    if image_path is not None and os.access(image_path.parent, os.W_OK):
        return image_path.parent.absolute()
    return Path.home()


def _usual_beside(image_path: Path | None) -> str:
    """Return the format in which labels of an image are wanted, most likely."""
    name = "" if image_path is None else image_path.name.lower()
    fitting = (one for end, one in _USUAL_BESIDE.items() if name.endswith(end))
    return next(fitting, _USUAL)


def as_file_name(name: str) -> str:
    """Return a name that files may have on any system, with room for endings."""
    allowed = _FORBIDDEN.sub("_", name).encode()[:_MOST_BYTES].decode(errors="ignore")
    return allowed.strip(" .") or "image"


def _as_path(typed: str) -> Path:
    """Return what was typed as a path; ``~`` and a name that nobody has stay."""
    path = Path(typed.replace("\0", "").strip())
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _ending(name: str) -> str:
    return (*find_result_format(name).suffixes, "")[0]


def _has_ending(path: Path) -> bool:
    """Whether a name ends as that of a file of any kind; ``exp_1.2`` does not."""
    name = path.name.lower()
    known = tuple(ending for one in RESULT_FORMATS for ending in one.suffixes)
    return name.endswith(known) or _TYPES.guess_type(f"a{path.suffix}") != (None, None)


def may_replace(path: Path, parent: QWidget) -> bool:
    """Ask whether a file may be replaced."""
    answer = QMessageBox.question(
        parent,
        "Replace the file?",
        f"{path} exists already. Replace it?",
        QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No,
        QMessageBox.StandardButton.No,
    )
    return bool(answer == QMessageBox.StandardButton.Yes)
