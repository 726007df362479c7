"""Writing results on the lane: what the system has against it is a sentence."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.core.errors import OutputError
from napari_sam2.widgets.sessions.exporting import Exporter
from tests.widgets.user import User


def test_a_folder_that_is_closed_meanwhile_is_told_of(
    working: User, tmp_path: Path, told: list[Exception]
) -> None:
    def steps(token):
        raise PermissionError(errno.EACCES, "Permission denied")
        yield

    Exporter(working.session.controller).write(tmp_path / "labels.tif", steps)
    working.wait_idle()
    (problem,) = told
    assert isinstance(problem, OutputError)
    assert "labels.tif cannot be written: Permission denied" in working.status.message
