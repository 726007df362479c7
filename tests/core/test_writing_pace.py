"""Writing work down takes little of the time that it is done in."""

from __future__ import annotations

from napari_sam2.core.writing_pace import rest_after


def test_a_fiftieth_of_the_time_is_spent_on_writing() -> None:
    assert rest_after(1.0) == 50.0
    assert rest_after(0.0) == 0.0
