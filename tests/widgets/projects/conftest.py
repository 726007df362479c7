"""Somebody at work on an image that lies in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_sam2.io.reading.stack import open_stack

if TYPE_CHECKING:
    from tests.widgets.user import User


@pytest.fixture
def image(tmp_path: Path) -> Path:
    from tests.widgets.projects.desk import SHAPE  # by way of napari

    path = tmp_path / "cells.tif"
    pixels = np.random.default_rng(0).integers(0, 200, SHAPE, np.uint8)
    tifffile.imwrite(path, pixels, photometric="minisblack")
    return path


@pytest.fixture
def worker(user_without_window: User, image: Path) -> User:
    """Return somebody with an image from a file, a tracked object and a mask locked."""
    from napari_sam2.layers.hooks import image_layer

    user = user_without_window
    array, described, _ = image_layer(open_stack(image))
    layer = user.viewer.add_image(array, **described)
    user.open_dock()
    assert user.session.image.layer is layer
    user.follow(4)
    return user
