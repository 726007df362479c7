"""Weights come beside the work, can be stopped, and say what went wrong."""

from __future__ import annotations

from collections.abc import Generator

from napari_sam2.control import Activity, Downloads
from napari_sam2.core.cancel import CancelToken, Progress
from napari_sam2.core.errors import DownloadError
from tests.control.manual_lane import ManualLane


def fetch(name: str, token: CancelToken) -> Generator[Progress, None, str | None]:
    for done in range(3):
        if token.is_cancelled:
            return None
        if name == "broken" and done == 1:
            raise DownloadError("The server cannot be reached.")
        yield Progress(done, 3, name)
    return f"{name}.pt"


def started(name: str) -> tuple[Downloads, ManualLane, list[str]]:
    lane, here = ManualLane(), []
    downloads = Downloads(lane, fetch)
    downloads.finished.connect(here.append)
    downloads.start(name)
    return downloads, lane, here


def test_a_download_tells_how_far_it_is_and_when_it_is_here() -> None:
    downloads, lane, here = started("tiny")
    lane.step(2)
    assert downloads.status.activity is Activity.LOADING
    assert downloads.status.progress == Progress(1, 3, "tiny")
    lane.finish()
    assert here == ["tiny"]
    assert downloads.status.message == "tiny is here."
    assert downloads.status.activity is Activity.IDLE


def test_a_download_can_be_stopped() -> None:
    downloads, lane, here = started("tiny")
    lane.step(2)
    downloads.stop()
    assert downloads.status.activity is Activity.STOPPING
    lane.finish()
    assert here == []
    assert downloads.status.activity is Activity.IDLE


def test_a_download_that_fails_says_why() -> None:
    downloads, lane, here = started("broken")
    lane.finish()
    assert downloads.status.message == "The server cannot be reached."
    assert downloads.status.activity is Activity.IDLE
    assert here == []


def test_after_closing_nothing_is_told() -> None:
    downloads, lane, here = started("tiny")
    downloads.close()
    lane.finish()
    assert here == []
