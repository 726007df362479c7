"""What a user sets once: how clicks are answered, and what the model may take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, SpinBox
from qtpy.QtWidgets import QWidget

from napari_sam2.core.offered import IMAGE_SIZES, MOST_CACHE_MIB
from napari_sam2.core.quality import MEANINGS, describe
from napari_sam2.engine.weights import MANIFEST
from napari_sam2.state.settings import OF_THE_MODEL, model_choice
from napari_sam2.widgets.controls.controls import column, text
from napari_sam2.widgets.controls.forms import Form

if TYPE_CHECKING:
    from napari_sam2.control import Status
    from napari_sam2.core.quality import Quality
    from napari_sam2.state import Settings
    from napari_sam2.widgets.controls.links import Links

_SIZE_WORDS = (
    "as the quality says",
    "256 pixels: quickest",
    "352 pixels: finer with nano",
    "512 pixels: quick",
    "768 pixels",
    "1024 pixels: finest",
)
_SIZES = list(zip(_SIZE_WORDS, IMAGE_SIZES, strict=True))
_QUALITIES = [
    ("automatic", "auto"),
    ("exact", "exact"),
    ("rounded where that gains", "rounded"),
    ("balanced", "balanced"),
    ("fast", "fast"),
]
_WINDOWS = [
    ("in whole frames", "off"),
    ("in a window if they gain", "auto"),
    ("in a window, always", "on"),
]
_TIPS = {
    "quality": "How much of what the model could look at it does look at. Holds from "
    "the next prompt or Propagate on",
    "image_size": "The size to which frames are brought for the model, whatever the "
    "quality. Smaller is quicker, and loses thin and small things",
    "window": "The model sees a frame at a few hundred pixels: a nucleus of 20 pixels "
    "in a frame of 2,000 all but vanishes. In a window, a part of the frame around "
    "each object that follows it, it is looked at closely, which takes longer. Large "
    "objects are best seen in whole frames. Holds from the next prompt or Propagate on",
    "corrects_bleaching": "Show fluorescence that fades as bright as in the first "
    "frame. One slow decline is fitted to the whole stack, so nothing flickers; stacks "
    "that do not fade steadily, and colour pictures, are left as they are. What is "
    "measured does not change. Holds from the next prompt or Propagate on",
    "is_compiled": "Let PyTorch compile what is done on every frame. The first long "
    "run of a model stops for some minutes then, and later ones are quicker: a little "
    "on the processor; on GPUs it is untried. It needs a C++ compiler; what cannot be "
    "compiled, or is no quicker, stays as it is, and why is said here. Masks differ by "
    "rounding at most",
    "cache_mib": "More memory makes it quicker to come back to frames that were seen "
    "before",
    "live_answers": "Without it, masks appear with Propagate only: for large models on "
    "slow machines",
}
_GRAPHS = (
    "Graphs of ONNX keep the image size that they were exported with, in each quality, "
    "and need no compiling."
)


class SettingsForm(QWidget):
    """Edits the settings that are kept for the next time.

    Parameters
    ----------
    settings : Settings
    links : Links
        Cut when the dock closes.
    parent : QWidget, optional
    """

    def __init__(
        self, settings: Settings, links: Links, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self.fields = _make_fields(settings)
        self._quality: Quality | None = None
        self.meaning, self.compiling = text(), text()
        self.compiling.hide()
        self._lay_out()
        self._listen(links)
        self._explain()

    def _lay_out(self) -> None:
        form = Form(*self.fields.values())
        form.explain(self.compiling, below=list(self.fields).index("is_compiled"))
        form.explain(self.meaning, below=0)
        column(self, form)

    def _listen(self, links: Links) -> None:
        events = self._settings.events
        for choice in ("quality", "image_size", "model"):
            links.connect(getattr(events, choice), self._explain)
        for choice in OF_THE_MODEL:
            links.connect(getattr(events, choice), self._forget_notes)
        for name, field in self.fields.items():
            self._tie(name, field, links)

    def show_status(self, status: Status) -> None:
        """Show what came of the quality, once a model was opened."""
        if status.quality != self._quality:
            self._quality = status.quality
            self._explain()

    def note(self, sentence: str, choice: object) -> None:
        """Say what came of compiling a model, after what was said before.

        What comes late, when the model that was chosen is another, is not said.
        """
        is_late = choice != model_choice(self._settings)
        if is_late or sentence in self.compiling.text():
            return
        self.compiling.setText(f"{self.compiling.text()} {sentence}".strip())
        self.compiling.show()

    def _forget_notes(self, _: object) -> None:
        """Say nothing about a model that is no longer the one in use."""
        self.compiling.clear()
        self.compiling.hide()

    def _explain(self, _: object = None) -> None:
        """Say what the chosen quality loses and gains, and which one it comes to."""
        words = MEANINGS[self._settings.quality]
        if self._settings.quality == "auto" and self._quality is not None:
            is_sized = self._settings.image_size > 0
            here = self._quality.name if is_sized else describe(self._quality)
            words = f"{words} Here: {here}."
        path = Path(self._settings.model)
        if path.name == MANIFEST or (path / MANIFEST).is_file():
            words = f"{words} {_GRAPHS}"
        self.meaning.setText(words)

    def _tie(
        self, name: str, field: ComboBox | SpinBox | CheckBox, links: Links
    ) -> None:
        def take(value: object) -> None:
            setattr(self._settings, name, value)

        def show(value: object) -> None:
            with field.changed.blocked():
                field.value = value

        field.changed.connect(take)
        links.connect(getattr(self._settings.events, name), show)


def _make_fields(settings: Settings) -> dict[str, Any]:
    """Make a field of magicgui for every setting, by its name."""

    def make(kind: type, name: str, **options: Any) -> Any:
        value, tip = getattr(settings, name), _TIPS[name]
        return kind(value=value, tooltip=tip, **{"label": "", **options})

    named = (
        (ComboBox, "quality", {"label": "Quality", "choices": _QUALITIES}),
        (ComboBox, "image_size", {"label": "Detail", "choices": _SIZES}),
        (ComboBox, "window", {"label": "Small objects", "choices": _WINDOWS}),
        (CheckBox, "corrects_bleaching", {"text": "correct bleaching"}),
        (CheckBox, "is_compiled", {"text": "compile the model"}),
        (SpinBox, "cache_mib",
         {"label": "Memory (MiB)", "min": 0, "max": MOST_CACHE_MIB, "step": 128}),
        (CheckBox, "live_answers", {"text": "answer every click at once"}),
    )  # fmt: skip
    return {name: make(kind, name, **options) for kind, name, options in named}
