"""A stack far larger than memory: whatever the dock does, it asks for single frames."""

from __future__ import annotations

from pathlib import Path

import dask.array as da
import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.control import TrackerRequest
from tests.widgets.user import PacedFactory, User

SHAPE = (80_000, 2048, 2048)
FOR_THE_PROJECT = {0, SHAPE[0] // 2, SHAPE[0] - 1}


class Asked:
    """An array of 625 GiB that notes which frames it was asked for."""

    shape, ndim, dtype = SHAPE, 3, np.dtype(np.uint16)

    def __init__(self) -> None:
        self.frames: list[int] = []

    def __len__(self) -> int:
        return SHAPE[0]

    def __getitem__(self, index) -> np.ndarray:
        frame, *rest = index if isinstance(index, tuple) else (index,)
        if isinstance(frame, slice):
            (frame,) = range(*frame.indices(SHAPE[0]))  # one, or it fails
            picture = np.zeros((1, *SHAPE[1:]), self.dtype)
            self.frames.append(frame)
            return picture[(slice(None), *rest)]
        self.frames.append(int(frame))
        return np.zeros(SHAPE[1:], self.dtype)[tuple(rest)]

    def __array__(self, *_args, **_options):
        raise MemoryError("the whole stack was asked for")


def in_dask(asked: Asked) -> da.Array:
    """Return what napari's own reader of Zarr gives, for an array."""
    return da.from_array(asked, chunks=(1, *SHAPE[1:]), meta=np.zeros((), "u2"))


class Reading(PacedFactory):
    """Its trackers read the frame that is clicked, as the engine does."""

    def __call__(self, request: TrackerRequest, token):
        for item in super().__call__(request, token):
            if hasattr(item, "set_prompts"):
                answer = item.set_prompts

                def look(object_id, frame, *said, answer=answer, **options):
                    request.frames[frame]
                    return answer(object_id, frame, *said, **options)

                item.set_prompts = look
            yield item


@pytest.mark.parametrize("lazy", [lambda asked: asked, in_dask], ids=["array", "dask"])
def test_a_click_reads_its_own_frame_first(
    user_without_window: User, lazy, tmp_path: Path
) -> None:
    user, asked = user_without_window, Asked()
    user.factory = Reading()
    user.viewer.add_image(lazy(asked), name="large", contrast_limits=(0, 9))
    assert len({*asked.frames}) <= 2  # napari's own look
    asked.frames.clear()
    user.open_dock()
    assert asked.frames == []
    user.session.position.go_to(15_000)
    assert {*asked.frames} == {15_000}
    asked.frames.clear()
    user.click(15_000, 1000, 1000)
    user.wait_mask(1, 15_000)
    keeper = user.dock.projects.keeper
    user.wait(lambda: {*asked.frames} >= FOR_THE_PROJECT)
    assert asked.frames[0] == 15_000
    assert {*asked.frames} == FOR_THE_PROJECT | {15_000}
    asked.frames.clear()
    keeper.autosave.save()
    keeper.save(tmp_path / "large.sam2")
    user.wait((tmp_path / "large.sam2").exists)
    assert user.shown(15_000)[1000, 1000] == 1
    assert {*asked.frames} <= {15_000}
