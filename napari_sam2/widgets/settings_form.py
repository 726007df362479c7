"""What a user sets once: how clicks are answered, and what the model may take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicgui.widgets import CheckBox, ComboBox, SpinBox
from qtpy.QtWidgets import QWidget

from napari_sam2.widgets.controls import column
from napari_sam2.widgets.forms import Form

if TYPE_CHECKING:
    from napari_sam2.state import Settings
    from napari_sam2.widgets.links import Links

_SIZES = [
    ("as the quality says", 0),
    ("256 pixels: quickest", 256),
    ("512 pixels: quick", 512),
    ("768 pixels", 768),
    ("1024 pixels: finest", 1024),
]
_QUALITIES = [
    ("automatic", "auto"),
    ("exact", "exact"),
    ("balanced", "balanced"),
    ("fast", "fast"),
]
_WINDOWS = [
    ("in whole frames", "off"),
    ("in a window if they gain", "auto"),
    ("in a window, always", "on"),
]
_QUALITY_TIP = (
    "How exactly masks are computed. Balanced shows frames to the model at 2/3 of its "
    "image size and looks back at 3 frames besides the prompted ones, fast at 1/2 and "
    "2. Automatic is exact on a GPU, and on a processor what answers a click within a "
    "second or two"
)
_MOST_MIB = 65_536


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
        self.fields = {
            "quality": ComboBox(
                label="Quality",
                choices=_QUALITIES,
                value=settings.quality,
                tooltip=_QUALITY_TIP,
            ),
            "image_size": ComboBox(
                label="Detail",
                choices=_SIZES,
                value=settings.image_size,
                tooltip="The size to which frames are brought for the model, whatever "
                "the quality. Smaller is quicker, and loses thin and small things",
            ),
            "window": ComboBox(
                label="Small objects",
                choices=_WINDOWS,
                value=settings.window,
                tooltip="The model sees a frame at a few hundred pixels: a nucleus of "
                "20 pixels in a frame of 2,000 all but vanishes. In a window, a part "
                "of the frame around each object that follows it, it is looked at "
                "closely, which takes longer. Large objects are best seen in whole "
                "frames. Holds from the next prompt or Propagate on",
            ),
            "corrects_bleaching": CheckBox(
                text="correct bleaching",
                label="",
                value=settings.corrects_bleaching,
                tooltip="Show fluorescence that fades as bright as in the first frame. "
                "One slow decline is fitted to the whole stack, so nothing flickers; "
                "stacks that do not fade steadily, and colour pictures, are left as "
                "they are. What is measured does not change. Holds from the next "
                "prompt or Propagate on",
            ),
            "cache_mib": SpinBox(
                label="Memory (MiB)",
                value=settings.cache_mib,
                min=0,
                max=_MOST_MIB,
                step=128,
                tooltip="More memory makes it quicker to come back to frames that "
                "were seen before",
            ),
            "live_answers": CheckBox(
                text="answer every click at once",
                label="",
                value=settings.live_answers,
                tooltip="Without it, masks appear with Propagate only: for large "
                "models on slow machines",
            ),
        }
        column(self, Form(*self.fields.values()))
        for name, field in self.fields.items():
            self._tie(name, field, links)

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
