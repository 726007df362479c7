"""Pictures of a window: cropped, with the pointer, still or moving."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont
from qtpy.QtGui import QCursor

if TYPE_CHECKING:
    from pathlib import Path

    from tests.widgets.hands import Hands

_POINTER = ((0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12))
_BAR = 44
_INK, _PAPER = "#f0f1f2", "#3a3d45"


def take_picture(hands: Hands, *, with_pointer: bool = False) -> Image.Image:
    """Return the canvas and the dock, without napari's own docks on the left."""
    window, canvas = hands.dock.window(), hands.canvas
    hands.rest(0.1)
    shot = hands.viewer.screenshot(canvas_only=False, flash=False)
    picture = Image.fromarray(shot[..., :3])
    if with_pointer:
        at = window.mapFromGlobal(QCursor.pos())
        shape = [(at.x() + x, at.y() + y) for x, y in _POINTER]
        ImageDraw.Draw(picture).polygon(shape, "white", "black")
    corner = canvas.mapTo(window, canvas.rect().topLeft())
    bottom = hands.dock.mapTo(window, hands.dock.rect().bottomRight()).y()
    return picture.crop((corner.x(), corner.y(), picture.width, bottom))


@dataclass
class Film:
    """What happens in a window, with a line of text above that says what it is.

    Attributes
    ----------
    hands : Hands
    width : int
        Of the pictures.
    """

    hands: Hands
    width: int = 860
    _pictures: list[Image.Image] = field(default_factory=list)
    _milliseconds: list[int] = field(default_factory=list)

    def take(self, words: str, seconds: float) -> None:
        """Add what is seen now."""
        shot = take_picture(self.hands, with_pointer=True)
        scale = self.width / shot.width
        shot = shot.resize((self.width, round(shot.height * scale)), Image.LANCZOS)
        whole = Image.new("RGB", (shot.width, shot.height + _BAR), _PAPER)
        whole.paste(shot, (0, _BAR))
        font = ImageFont.load_default(size=22)
        ImageDraw.Draw(whole).text((14, _BAR // 2), words, _INK, font, "lm")
        self._pictures.append(whole)
        self._milliseconds.append(round(1000 * seconds))

    def save(self, path: Path) -> None:
        """Write the film as an animation that is repeated for ever."""
        first, *rest = self._pictures
        first.save(
            path,
            save_all=True,
            append_images=rest,
            duration=self._milliseconds,
            loop=0,
            quality=72,
            method=6,
        )
