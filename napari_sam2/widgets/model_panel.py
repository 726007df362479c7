"""Which model answers, where it computes, and fetching the ones that are not here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog, QProgressBar, QWidget

from napari_sam2.engine.weights import (
    BUNDLED_NAME,
    BUNDLED_PURPOSE,
    CHECKPOINTS,
    Condition,
    find_checkpoint,
    human_size,
    presence,
)
from napari_sam2.widgets.controls import (
    button,
    choice,
    column,
    form,
    pick,
    row,
    text,
)

if TYPE_CHECKING:
    from napari_sam2.control import Downloads, Status
    from napari_sam2.state import Settings
    from napari_sam2.widgets.links import Links

_DEVICES = (
    ("automatic: the GPU if there is one", "auto"),
    ("processor (CPU)", "cpu"),
    ("NVIDIA GPU (CUDA)", "cuda"),
    ("Apple GPU (MPS)", "mps"),
)
_KIB = 1024


class ModelPanel(QWidget):
    """Chooses the model and the device.

    Parameters
    ----------
    settings : Settings
        Its ``model`` changes only to weights that are on this machine.
    downloads : Downloads
    links : Links
        Cut when the dock closes.
    parent : QWidget, optional
    """

    def __init__(
        self,
        settings: Settings,
        downloads: Downloads,
        links: Links,
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._downloads = downloads
        self._make_controls()
        links.connect(downloads.status_changed, self._on_download_status)
        links.connect(downloads.finished, self._on_download_finished)
        self._fill_models()
        self._explain()

    def _make_controls(self) -> None:
        self.models = choice("Larger models are more careful, and slower")
        self.models.currentIndexChanged.connect(self._on_model_chosen)
        self.devices = choice("What computes; a GPU is many times faster", _DEVICES)
        pick(self.devices, self._settings.device)
        self.devices.currentIndexChanged.connect(self._on_device_chosen)
        self._note = text()
        self.download_button = button(
            "Download", "Fetch the weights once; they are kept", self._download
        )
        self.cancel_button = button(
            "Cancel", "Stop; what came is kept for the next time", self._downloads.stop
        )
        self._bar = QProgressBar()
        self._bar.setToolTip("How much of the weights is here")
        own = button("File…", "Use weights of your own (.pt, .safetensors)", self._own)
        fields = QWidget()
        form(fields, ("Model", row(self.models, own)), ("Device", self.devices))
        self._fetching = row(self._bar, self.cancel_button)
        self._fetching.hide()
        column(self, fields, self._note, self.download_button, self._fetching)

    def _fill_models(self) -> None:
        self.models.blockSignals(True)
        self.models.clear()
        self.models.addItem(f"{BUNDLED_NAME} · bundled", BUNDLED_NAME)
        for one in CHECKPOINTS:
            is_here = presence(one) is Condition.INTACT
            where = "here" if is_here else human_size(one.size)
            self.models.addItem(f"{one.name} · {where}", one.name)
        if not pick(self.models, self._settings.model):
            own = self._settings.model
            self.models.addItem(f"{Path(own).name} · your file", own)
            pick(self.models, own)
        self.models.blockSignals(False)

    def _on_model_chosen(self, _: int) -> None:
        if self._needed() is None:
            self._settings.model = self.models.currentData()
        self._explain()

    def _on_device_chosen(self, _: int) -> None:
        self._settings.device = self.devices.currentData()

    def _needed(self) -> str | None:
        """Return the chosen model when its weights are not on this machine."""
        chosen = str(self.models.currentData())
        known = any(one.name == chosen for one in CHECKPOINTS)
        if known and presence(find_checkpoint(chosen)) is not Condition.INTACT:
            return chosen
        return None

    def _explain(self) -> None:
        """Say what the chosen model is good for, and whether it is here."""
        chosen, needed = str(self.models.currentData()), self._needed()
        purposes = {one.name: one.purpose for one in CHECKPOINTS}
        purposes[BUNDLED_NAME] = BUNDLED_PURPOSE
        words = purposes.get(chosen, chosen)
        words = f"{words[:1].upper()}{words[1:]}."
        if needed is not None:
            size = human_size(find_checkpoint(needed).size)
            words += (
                f" Not on this machine yet ({size}); until then "
                f"{Path(self._settings.model).name} answers."
            )
        self._note.setText(words)
        is_fetching = self._downloads.status.is_busy
        self.download_button.setVisible(needed is not None and not is_fetching)

    def _download(self) -> None:
        needed = self._needed()
        if needed is not None:
            self._downloads.start(needed)

    def _own(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Weights of SAM 2", "", "Weights (*.pt *.safetensors)"
        )
        if path:
            self._settings.model = path
            self._fill_models()
            self._explain()

    def _on_download_status(self, status: Status) -> None:
        self._fetching.setVisible(status.is_busy)
        now = status.progress
        if now is not None:
            # kibibytes, because Qt counts with 32 bits
            self._bar.setRange(0, now.total // _KIB)
            self._bar.setValue(now.done // _KIB)
        if not status.is_busy:
            self._explain()
        if status.problem is not None:
            self._note.setText(status.message)

    def _on_download_finished(self, name: str) -> None:
        wanted = self.models.currentData()
        self._fill_models()
        pick(self.models, wanted)
        if wanted == name:
            self._settings.model = name
        self._explain()
