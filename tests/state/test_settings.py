"""Choices tell when they change, and only then."""

from __future__ import annotations

from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.state import ReviewThresholds, Settings


def test_every_choice_tells_that_it_changed() -> None:
    settings = Settings()
    heard = []
    settings.events.connect(lambda info: heard.append((info.signal.name, *info.args)))
    settings.model = "sam2.1-tiny"
    settings.limits = as_limits(0, 10)
    settings.limits = as_limits(0, 10)
    settings.thresholds = ReviewThresholds(predicted_iou=0.9)
    assert [(name, new) for name, new, _ in heard] == [
        ("model", "sam2.1-tiny"),
        ("limits", as_limits(0, 10)),
        ("thresholds", ReviewThresholds(predicted_iou=0.9)),
    ]


def test_the_range_of_a_run() -> None:
    settings = Settings()
    assert settings.run_frames is None
    settings.frame_range = (3, 7)
    assert list(settings.run_frames) == [3, 4, 5, 6]
