"""Single images."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.errors import NoPromptError, PromptError, StackError
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.engine.options import EXACT
from napari_sam2.engine.predictor import ImagePredictor
from tests.engine.stacks import Generated, said

IMAGE = Generated(1)[0]


@pytest.fixture
def predictor(miniature) -> ImagePredictor:
    return ImagePredictor(miniature, IMAGE, limits=as_limits(0, 2), options=EXACT)


@pytest.mark.parametrize(
    "image",
    [IMAGE, IMAGE[..., None], np.dstack([IMAGE] * 3), np.dstack([IMAGE] * 4)],
    ids=lambda image: str(image.shape),
)
def test_every_shape_of_image(miniature, image) -> None:
    result = ImagePredictor(miniature, image).predict(point_yx=(15, 12))
    assert result.mask.shape == (40, 48)
    assert result.mask.dtype == bool
    assert result.frame == 0


def test_short_forms_say_the_same(predictor) -> None:
    point = predictor.predict(FramePrompts(((15, 12),), (True,)))
    assert said(predictor.predict(point_yx=(15, 12))) == said(point)
    box = predictor.predict(FramePrompts(box_yxyx=(5, 6, 30, 40)))
    assert said(predictor.predict(box_yxyx=(30, 40, 5, 6))) == said(box)
    both = FramePrompts(((15, 12),), (True,), (5, 6, 30, 40))
    together = predictor.predict(point_yx=(15, 12), box_yxyx=(5, 6, 30, 40))
    assert said(together) == said(predictor.predict(both))


def test_predictions_do_not_know_of_each_other(predictor) -> None:
    first = predictor.predict(point_yx=(15, 12))
    predictor.predict(box_yxyx=(5, 6, 30, 40))
    predictor.predict(FramePrompts(mask=np.ones((40, 48), bool)))
    assert said(predictor.predict(point_yx=(15, 12))) == said(first)


def test_the_image_is_encoded_once(predictor, miniature, monkeypatch) -> None:
    predictor.predict(point_yx=(15, 12))
    monkeypatch.setattr(type(miniature), "encode_image", None)
    predictor.predict(point_yx=(20, 20))


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4, 5)])
def test_what_is_no_image(miniature, shape) -> None:
    with pytest.raises(StackError, match="is not an image"):
        ImagePredictor(miniature, np.zeros(shape))


def test_bad_prompts_are_refused_and_nothing_is_lost(predictor) -> None:
    with pytest.raises(NoPromptError, match="no prompt for this image"):
        predictor.predict()
    good = predictor.predict(point_yx=(15, 12))
    for outside in ((40, 1), (-3, 1)):
        with pytest.raises(PromptError, match="outside the image"):
            predictor.predict(point_yx=outside)
    with pytest.raises(NoPromptError, match="only negative"):
        predictor.predict(FramePrompts(((1, 1),), (False,)))
    assert said(predictor.predict(point_yx=(15, 12))) == said(good)


def test_the_bundled_model_finds_a_disc(nano, moving_discs) -> None:
    stack, labels = moving_discs
    y, x = (np.argwhere(labels[0] == 1).mean(axis=0)).tolist()
    mask = ImagePredictor(nano, stack[0]).predict(point_yx=(y, x)).mask
    truth = labels[0] == 1
    assert (mask & truth).sum() / (mask | truth).sum() > 0.8
