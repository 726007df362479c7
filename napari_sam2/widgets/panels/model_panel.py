"""Which model answers, where it computes, and fetching the ones that are not here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QProgressBar, QWidget

from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import CheckpointError
from napari_sam2.engine.weights import (
    BUNDLED_NAME,
    BUNDLED_PURPOSE,
    CHECKPOINTS,
    MANIFEST,
    Condition,
    find_checkpoint,
    human_size,
    is_exported,
    presence,
)
from napari_sam2.widgets.controls.controls import button, column, row, text
from napari_sam2.widgets.controls.forms import Form, beside, push_button
from napari_sam2.widgets.controls.status_line import duration
from napari_sam2.widgets.panels.adapter_choices import adapter_choices, describe_adapter
from napari_sam2.widgets.sessions.model_shelf import find_devices

if TYPE_CHECKING:
    from napari_sam2.control import Downloads, Lane, Status
    from napari_sam2.engine.device import Device
    from napari_sam2.state import Settings
    from napari_sam2.widgets.controls.links import Links

_KIB = 1024
_FILES = f"Models (*.pt *.pth *.ckpt *.safetensors {MANIFEST})"
_DEVICE_TIP = (
    "What computes: a GPU is many times faster. Only what PyTorch can use on this "
    "machine is offered; for an NVIDIA GPU, PyTorch must be installed with CUDA"
)


class ModelPanel(QWidget):
    """Chooses the model and the device.

    Parameters
    ----------
    settings : Settings
        Its ``model`` changes only to weights that are on this machine.
    downloads : Downloads
    lane : Lane
        Where devices are looked for.
    links : Links
        Cut when the dock closes.
    parent : QWidget, optional
    """

    described = Signal(str)
    """Which model answers and where, in a few words: "nano · automatic"."""

    def __init__(
        self,
        settings: Settings,
        downloads: Downloads,
        lane: Lane,
        links: Links,
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._downloads = downloads
        self._make_form()
        self._make_fetching()
        column(self, self._form, self._note, self.download_button, self._fetching)
        links.connect(downloads.status_changed, self._on_download_status)
        links.connect(downloads.finished, self._on_download_finished)
        links.connect(settings.events.model, self._on_settings_changed)
        self._explain()
        lane.submit(find_devices, on_item=self.offer_devices)

    def _make_form(self) -> None:
        self.model = ComboBox(
            choices=self._model_choices(),
            value=self._settings.model,
            tooltip="Larger models are more careful, and slower. ↓ marks those that "
            "are to be downloaded first",
        )
        tip = "Use weights of your own (.pt, .safetensors), such as fine-tuned ones"
        own = push_button("File…", tip, self._ask_file)
        self.device = ComboBox(
            label="Device", choices=self._device_choices(), tooltip=_DEVICE_TIP
        )
        self.device.value = self._settings.device
        field = beside("Model", self.model.tooltip, self.model, own)
        self._form = Form(field, self.device)
        self.model.changed.connect(self._on_model_chosen)
        self.device.changed.connect(self._on_device_chosen)

    def _make_fetching(self) -> None:
        self._note = text()
        self.download_button = button(
            "Download",
            "Fetch the weights once, in the background; they are kept",
            self._download,
        )
        self.cancel_button = button(
            "Cancel", "Stop; what came is kept for the next time", self._downloads.stop
        )
        self._bar = QProgressBar()
        self._bar.setToolTip("How much of the weights is here")
        self._fetching = row(self._bar, self.cancel_button)
        self._fetching.hide()

    def _model_choices(self) -> list[tuple[str, str]]:
        choices = [(f"{BUNDLED_NAME} (bundled)", BUNDLED_NAME)]
        for one in CHECKPOINTS:
            where = ", here" if presence(one) is Condition.INTACT else " ↓"
            choices.append((f"{one.name} ({human_size(one.size)}{where})", one.name))
        choices += adapter_choices()
        own = self._settings.model
        if own not in [name for _, name in choices]:
            choices.append((f"{Path(own).name} (your file)", own))
        return choices

    def _device_choices(self, found: tuple[Device, ...] = ()) -> list[tuple[str, str]]:
        if not found:  # not looked for yet
            known = {"auto": "automatic", "cpu": "processor (CPU)"}
            known.setdefault(self._settings.device, self._settings.device)
            return [(words, name) for name, words in known.items()]
        best = found[0].description
        return [
            (f"automatic: {best}", "auto"),
            *((f"{one.description} ({one.name.upper()})", one.name) for one in found),
        ]

    def offer_devices(self, found: tuple[Device, ...]) -> None:
        """Offer what PyTorch can use; what was chosen and is not there is given up."""
        choices = self._device_choices(found)
        if self._settings.device not in [name for _, name in choices]:
            self._settings.device = "auto"
        with self.device.changed.blocked():
            self.device.choices = ()  # else those that stay come first
            self.device.choices = choices
            self.device.value = self._settings.device

    def notice(self, status: Status) -> None:
        """Look again which weights are here when those in use prove to be damaged."""
        if isinstance(status.problem, CheckpointError):
            self._fill_models(str(self.model.value))

    def _fill_models(self, wanted: str) -> None:
        with self.model.changed.blocked():
            self.model.choices = self._model_choices()
            self.model.value = wanted
        self._explain()

    def _on_model_chosen(self, name: str) -> None:
        if self._needed() is None:
            self._settings.model = name
        self._explain()

    def _on_settings_changed(self, name: str) -> None:
        if self.model.value != name:
            self._fill_models(name)

    def _on_device_chosen(self, name: str) -> None:
        self._settings.device = name
        self._explain()

    @property
    def summary(self) -> str:
        """Which model answers and where, in a few words: "nano · automatic"."""
        device = self._settings.device
        where = device if device == "auto" else device.upper()
        return f"{Path(self._settings.model).name} · {where}"

    def _needed(self) -> str | None:
        """Return the chosen model when its weights are not on this machine."""
        chosen = str(self.model.value)
        known = any(one.name == chosen for one in CHECKPOINTS)
        if known and presence(find_checkpoint(chosen)) is not Condition.INTACT:
            return chosen
        return None

    def _explain(self) -> None:
        """Say what the chosen model is good for, and whether it is here."""
        chosen, needed = str(self.model.value), self._needed()
        purposes = {one.name: one.purpose for one in CHECKPOINTS}
        purposes[BUNDLED_NAME] = BUNDLED_PURPOSE
        words = purposes.get(chosen)
        words = f"{words[:1].upper()}{words[1:]}." if words else None
        words = words or describe_adapter(chosen) or chosen
        if needed is not None:
            words += _absence(needed, answering=self._settings.model)
        self._note.setText(words)
        self.described.emit(self.summary)
        is_fetching = self._downloads.status.is_busy
        self.download_button.setVisible(needed is not None and not is_fetching)

    def _download(self) -> None:
        needed = self._needed()
        if needed is not None:
            self._downloads.start(needed)

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Weights of SAM 2, or the manifest of an exported model", "", _FILES
        )
        if path:
            self.use_file(path)

    def use_file(self, path: str) -> None:
        """Use weights of one's own, if they are those of a model.

        That is seen in the background; what is in use goes on answering until then. The
        manifest of an exported model stands for the folder that it lies in.
        """
        chosen = Path(path)
        self._downloads.start(str(chosen.parent if is_exported(chosen) else chosen))

    def _on_download_status(self, status: Status) -> None:
        self._fetching.setVisible(status.is_busy)
        now = status.progress or Progress(0, 0)
        # kibibytes, because Qt counts with 32 bits
        self._bar.setRange(0, now.total // _KIB)
        self._bar.setValue(now.done // _KIB)
        self._bar.setFormat(_arrived(status))
        self._explain()

    def _on_download_finished(self, name: str) -> None:
        wanted = str(self.model.value)
        is_own = all(one.name != name for one in CHECKPOINTS)
        if self._settings.model == name:
            self._settings.events.model.emit(name)  # other weights of the same name
        elif is_own or wanted == name:
            self._settings.model = wanted = name
        self._fill_models(wanted)


def _absence(model: str, answering: str) -> str:
    """Say that weights are missing, and which model answers instead."""
    if model == answering:
        return " Its file is damaged or gone: download it again."
    size, other = human_size(find_checkpoint(model).size), Path(answering).name
    return f" Not on this machine yet ({size}); until then {other} answers."


def _arrived(status: Status) -> str:
    """Return the text in the bar: "12 MB of 156 MB · 8 s left"."""
    now = status.progress
    if now is None or not now.total:
        return ""
    words = f"{human_size(now.done)} of {human_size(now.total)}"
    if status.seconds_left is not None:
        words += f" · {duration(status.seconds_left)} left"
    return words
