"""Names that no file may have are answered in a sentence, and none is proposed."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.layers.layer_file import PATH_KEY
from napari_sam2.widgets.panels.export_form import as_file_name
from tests.widgets.user import User

pytestmark = pytest.mark.usefixtures("told")


@pytest.mark.parametrize("kind", ["labels-tiff", "csv"])
def test_a_name_that_is_too_long_is_told_of(
    working: User, tmp_path: Path, kind: str
) -> None:
    working.click(3, 20, 30)
    working.wait_mask(1, 3)
    working.wait_idle()
    form = working.dock.workbench.results.form
    form.kind.value = kind
    form.path.value = str(tmp_path / ("x" * 300))
    form.save_button.native.click()
    working.wait(lambda: working.status.problem is not None)
    working.wait_idle()
    said = working.dock.status_line.problems
    assert "cannot be written: File name too long." in said.sentences
    assert not said.details
    assert not list(tmp_path.iterdir())
    form.kind.value = "labels-tiff"  # and the form can be used again
    form.path.value = str(tmp_path / "short.tif")
    form.save_button.native.click()
    working.wait((tmp_path / "short.tif").exists)


def test_masks_are_saved_though_their_image_can_no_longer_be_looked_for(
    working: User, tmp_path: Path
) -> None:
    working.click(3, 20, 30)
    working.wait_mask(1, 3)
    working.wait_idle()
    # The system refuses this name as it does those in a closed folder.
    working.session.image.layer.metadata[PATH_KEY] = str(tmp_path / ("x" * 300))
    form = working.dock.workbench.results.form
    form.path.value = str(tmp_path / "labels.tif")
    form.save_button.native.click()
    working.wait((tmp_path / "labels.tif").exists)
    working.wait_idle()
    assert working.status.problem is None


@pytest.mark.parametrize("letter", ["x", "細", "🙂"])
def test_the_name_that_is_proposed_is_never_too_long(letter: str) -> None:
    proposed = as_file_name(letter * 300)
    assert set(proposed) == {letter}
    assert 100 < len(f"{proposed}_labels.tif".encode()) < 230
