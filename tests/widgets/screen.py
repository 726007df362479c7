"""A screen for tests on machines that have none: Xvfb, if it is installed.

Import this before anything makes an application.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys

_PROBE = """
from qtpy.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext
app = QGuiApplication([])
surface, context = QOffscreenSurface(), QOpenGLContext()
surface.create()
assert context.create() and context.makeCurrent(surface)
"""


def _find_screen() -> str | None:
    """Make sure that there is a screen with OpenGL; return why there is none."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        if shutil.which("Xvfb") is None:
            return "there is no screen, and Xvfb is not installed"
        _start_xvfb()
    if os.environ.get("DISPLAY"):
        os.environ["QT_QPA_PLATFORM"] = "xcb"  # offscreen, Qt has no OpenGL
    probe = subprocess.run(
        [sys.executable, "-c", _PROBE], capture_output=True, text=True, check=False
    )
    if probe.returncode:
        return f"Qt finds no screen with OpenGL: {probe.stderr.strip()[-300:]}"
    return None


def _start_xvfb() -> None:
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1200x24",
         "-nolisten", "tcp"],
        pass_fds=[write],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    atexit.register(server.terminate)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    if number:
        os.environ["DISPLAY"] = f":{number}"


NO_SCREEN = _find_screen()
"""Why there is no screen, or None."""

if NO_SCREEN:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
