"""When a mask counts as doubtful: the numbers, and what each of them means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QCheckBox, QDoubleSpinBox, QGridLayout, QWidget

from napari_sam2.state import ReviewThresholds, Settings

if TYPE_CHECKING:
    from napari_sam2.widgets.controls.links import Links


@dataclass(frozen=True, slots=True)
class _Limit:
    field: str
    label: str
    tip: str
    highest: float
    step: float


_LIMITS = (
    _Limit("predicted_iou", "expected overlap <",
           "The model's own estimate of how well the mask fits, 0 to 1", 1.0, 0.05),
    _Limit("object_logit", "presence within ±",
           "How sure the model is that the object is there (above 0) or gone (below)",
           20.0, 0.5),
    _Limit("area_ratio", "area changes >",
           "Factor of growth or shrinkage from one frame to the next", 20.0, 0.1),
    _Limit("centroid_jump", "moves, in diameters >",
           "Movement from one frame to the next, in diameters of the object",
           20.0, 0.1),
    _Limit("image_share", "share of the image >",
           "A mask of the whole image often means that the object was lost", 1.0, 0.05),
    _Limit("overlap", "overlaps others >",
           "Share of the mask that another object covers too", 1.0, 0.05),
    _Limit("touching", "touches others >",
           "Share of the outline that lies against another object", 1.0, 0.05),
)  # fmt: skip


class ThresholdsForm(QWidget):
    """Edits ``settings.thresholds``; an unticked line is not looked at.

    Parameters
    ----------
    settings : Settings
    links : Links
        Cut when the session ends.
    parent : QWidget, optional
    """

    def __init__(
        self, settings: Settings, links: Links, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._lines: dict[str, tuple[QCheckBox, QDoubleSpinBox]] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.setColumnStretch(0, 1)
        for number, limit in enumerate(_LIMITS):
            pair = self._make_line(limit)
            grid.addWidget(pair[0], number, 0)
            grid.addWidget(pair[1], number, 1)
        links.connect(settings.events.thresholds, self._show)
        self._show()

    def _make_line(self, limit: _Limit) -> tuple[QCheckBox, QDoubleSpinBox]:
        box, number = QCheckBox(limit.label), QDoubleSpinBox()
        box.setToolTip(limit.tip)
        number.setToolTip(limit.tip)
        box.setMinimumWidth(10)
        number.setRange(0.0, limit.highest)
        number.setSingleStep(limit.step)
        number.setFixedWidth(70)
        number.setValue(getattr(ReviewThresholds(), limit.field))
        box.toggled.connect(self._on_edited)
        number.valueChanged.connect(self._on_edited)
        self._lines[limit.field] = box, number
        return box, number

    def _on_edited(self, _: object) -> None:
        self._settings.thresholds = ReviewThresholds(
            **{
                field: number.value() if box.isChecked() else None
                for field, (box, number) in self._lines.items()
            }
        )

    def _show(self, _: object = None) -> None:
        for field, (box, number) in self._lines.items():
            value = getattr(self._settings.thresholds, field)
            for widget in (box, number):
                widget.blockSignals(True)
            box.setChecked(value is not None)
            number.setEnabled(value is not None)
            if value is not None:
                number.setValue(value)
            for widget in (box, number):
                widget.blockSignals(False)
