"""Along which axes of a volume a run follows objects, and what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget

from napari_sam2.widgets.controls.controls import choice, column, pick, text

if TYPE_CHECKING:
    from napari_sam2.core.recipe import OtherAxis
    from napari_sam2.layers.volume_axes import VolumeAxes
    from napari_sam2.state import Settings
    from napari_sam2.widgets.controls.links import Links

_NUMBERS: tuple[tuple[int, ...], ...] = (), (1,), (2,), (1, 2)
_TIP = (
    "Propagate follows the objects along the first axis, then along the others from"
    " cross-sections of what it found, and lets all of them vote on every voxel."
    " Correct the objects along the first axis before: it refines what is followed"
    " well, and rescues nothing else"
)


class AcrossChoice(QWidget):
    """Chooses the axes, where the image is a volume; is hidden elsewhere.

    It says why where there is nothing to choose.

    Parameters
    ----------
    settings : Settings
    volume : VolumeAxes or None
        The axes of the image, if it is a volume.
    links : Links
        Cut when the session ends.
    parent : QWidget, optional
    """

    def __init__(
        self,
        settings: Settings,
        volume: VolumeAxes | None,
        links: Links,
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._volume = volume
        self.axes = choice(_TIP)
        self.axes.setAccessibleName("Axes to follow along")
        self.cost = text()
        column(self, self.axes, self.cost)
        self.setVisible(volume is not None)
        if volume is not None:
            self._offer(volume)
        self.axes.currentIndexChanged.connect(self._on_chosen)
        links.connect(settings.events.across, self._show)
        links.connect(settings.events.frame_range, self._show)
        self._show()

    @property
    def chosen(self) -> tuple[OtherAxis, ...]:
        """The axes to follow objects along besides the first one."""
        if self._volume is None or self._volume.problem:
            return ()
        wanted = self._settings.across
        return tuple(one for one in self._volume.others if one.number in wanted)

    def _offer(self, volume: VolumeAxes) -> None:
        names = [axis.name for axis in volume.axes]
        for numbers in _NUMBERS:
            self.axes.addItem(_words([names[0], *(names[n] for n in numbers)]), numbers)
        if volume.problem:
            self.axes.hide()
            self.cost.setText(volume.problem)

    def _on_chosen(self, _: int) -> None:
        self._settings.across = self.axes.currentData()

    def _show(self, _: object = None) -> None:
        pick(self.axes, tuple(one.number for one in self.chosen))
        if self._volume is None or self._volume.problem:
            return
        self.cost.setVisible(bool(self.chosen))
        if self.chosen:
            self.cost.setText(self._cost(self._volume))

    def _cost(self, volume: VolumeAxes) -> str:
        """Say how much is computed."""
        frames = self._settings.run_frames
        one = volume.axes[0].size if frames is None else len(frames)
        total = one + sum(volume.axes[other.number].size for other in self.chosen)
        return (
            f"Propagate computes {total:,} frames in place of {one:,}; then the axes "
            "vote on every voxel, except on frames that you prompted."
        )


def _words(names: list[str]) -> str:
    """Say which axes are followed: "along z, y and x, fused"."""
    first, *others = names
    if not others:
        return f"along {first} only"
    return f"along {', '.join(names[:-1])} and {names[-1]}, fused"
