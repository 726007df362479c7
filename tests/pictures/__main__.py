"""Make the README's pictures: drive the real window, and take pictures of it.

    python -m tests.pictures [FOLDER]

writes to ``.github/pictures``, or to FOLDER. It needs napari with Qt, xdotool, and a
screen of at least 1400 × 1000 pixels; where there is none, Xvfb is started. Every mask
in the pictures is the bundled model's own, from the prompts that are seen.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.widgets.hands import NO_HANDS, Hands

import napari  # isort: skip  # after the screen was found
import torch

from napari_sam2.widgets.dock import Sam2Dock
from tests.pictures.stories import STORIES

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER = Path(__file__).parents[2] / ".github" / "pictures"
_SIZE = 1400, 1000


def main() -> None:
    if NO_HANDS:
        sys.exit(f"No pictures: {NO_HANDS}.")
    wanted = Path(sys.argv[1]) if len(sys.argv) > 1 else _FOLDER
    wanted.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # so that sums are always made in the same order
    for story in STORIES:
        with window() as hands:
            for path in story(hands, wanted):
                print(f"{path}: {path.stat().st_size / 1000:.0f} kB", flush=True)


@contextmanager
def window() -> Iterator[Hands]:
    """Open napari with the dock, with room for the whole dock."""
    for variable in ("NAPARI_SAM2_CONFIG", "NAPARI_SAM2_STATE"):  # nobody's own
        os.environ[variable] = tempfile.mkdtemp()
    viewer = napari.Viewer(show=True)
    dock = Sam2Dock(viewer)
    viewer.window.add_dock_widget(dock, name="SAM 2", area="right")
    dock.window().move(0, 0)
    viewer.window.resize(*_SIZE)
    hands = Hands(viewer, dock)
    hands.rest(0.5)
    hands.put_first_steps_away()
    try:
        yield hands
    finally:
        dock.shut_down()
        viewer.close()
        hands.rest(0.2)


if __name__ == "__main__":
    main()
