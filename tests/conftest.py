"""Models and stacks that many tests share."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings

from napari_sam2.engine.loading import load_model
from napari_sam2.model.sam2 import Sam2Model
from tests.exported import export_nano
from tests.miniature import seeded_model

# Timings say nothing on a busy machine, and a test run should be repeatable.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Keep to one thread: on a busy machine a second one mostly waits for the first."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def _hears_ctrl_c() -> None:
    """Hear Ctrl-C, as in a terminal: a shell's background jobs begin by ignoring it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def nano() -> Sam2Model:
    """Return the bundled model."""
    return load_model("nano", device="cpu")


@pytest.fixture(scope="session")
def miniature() -> Sam2Model:
    """Return a model of seeded noise that takes milliseconds."""
    return seeded_model()


@pytest.fixture(scope="session")
def nano_onnx(nano, tmp_path_factory, pytestconfig) -> Path:
    """Return a folder with the bundled model as ONNX graphs."""
    folder = tmp_path_factory.mktemp("nano_onnx")
    export_nano(nano, folder, pytestconfig)
    return folder


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Export once, in one process, with time for where others compute, too."""
    for item in items:
        if "nano_onnx" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(1200))
            item.add_marker(pytest.mark.xdist_group("nano_onnx"))


@pytest.fixture
def full_disk():
    """Let no file of this process grow beyond a number of bytes, as a quota does."""
    resource = pytest.importorskip("resource")
    if sys.platform == "darwin":
        pytest.skip("limits on the size of files are not kept there")
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def allow(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

    return allow


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    """Lift the limit of ``full_disk`` before pytest itself writes to a file again."""
    if "full_disk" not in getattr(item, "fixturenames", ()):
        return (yield)
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        return (yield)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture
def moving_discs() -> tuple[np.ndarray, np.ndarray]:
    """Return a (12, 96, 128) grey stack with two bright discs, and its labels."""
    return discs(12, (96, 128))


def discs(count: int, shape_hw: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Draw two discs that move towards each other over a dim gradient."""
    height, width = shape_hw
    y, x = np.mgrid[:height, :width]
    stack = np.empty((count, height, width), np.uint8)
    labels = np.zeros((count, height, width), np.uint8)
    for t in range(count):
        image = 30 + 20 * x / width
        for value, cy, cx, level in (
            (1, 0.35 * height, 0.25 * width + 2 * t, 200),
            (2, 0.65 * height, 0.75 * width - 2 * t, 140),
        ):
            inside = np.hypot(y - cy, x - cx) < 0.14 * height
            image = np.where(inside, level, image)
            labels[t][inside] = value
        stack[t] = image
    return stack, labels
