"""The program ends well, whatever the worker is in the middle of."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")

_SCRIPT = """
import sys, threading, time
from qtpy.QtCore import QCoreApplication
from napari_sam2.widgets.sessions import qt_lane

qt_lane._PATIENCE_S = qt_lane._LAST_PATIENCE_S = {patience}
application = QCoreApplication([])
begun = threading.Event()

def read_a_frame_from_a_drive_that_hangs():
    begun.set()
    time.sleep(100)

def compute_for_long():
    import torch
    image, kernel = torch.rand(1, 32, 128, 128), torch.rand(32, 32, 3, 3)
    end = time.monotonic() + 100
    while time.monotonic() < end:
        torch.nn.functional.conv2d(image, kernel)
        begun.set()

def job(token):
    yield {work}()

lane = qt_lane.QtLane()
lane.submit(job)
assert begun.wait(60)
{leave}
"""


@pytest.mark.parametrize("leave", ["lane.close()", "", "sys.exit()"])
@pytest.mark.parametrize(
    ("work", "patience"),
    [("read_a_frame_from_a_drive_that_hangs", 0.1), ("compute_for_long", 2.0)],
)
def test_it_ends_without_a_word(work: str, patience: float, leave: str) -> None:
    script = _SCRIPT.format(work=work, patience=patience, leave=leave)
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
