"""The parts that graphs are made of compute what the model computes."""

from __future__ import annotations

import pytest
import torch

from napari_sam2.core.prompts import BoxPrompt, MaskPrompt, PointPrompt
from napari_sam2.engine.onnx import parts
from napari_sam2.engine.onnx.check import Sizes, differences, random_inputs
from napari_sam2.engine.onnx.parts import part_modules
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.model.prompt_encoder import NOT_A_POINT
from tests.engine.onnx.eager import eager_network
from tests.miniature import seeded_model

TOLERANCE = 1e-5

VARIANTS = {
    "sam2.1": {},
    "sam2": {"version": "2.0"},
    "windows cut by the edge": {"windows": (8, 6, 6, 3), "image_size": 96},
    "several memory layers": {"memory_layers": 3},
}
SIZES = [
    Sizes(1, 1, 1, 1, 0),
    Sizes(1, 3, 2, 3, 4),
    Sizes(3, 3, 4, 5, 1),
]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_part(variant: str, sizes: Sizes) -> None:
    model = seeded_model(**VARIANTS[variant])
    apart = differences(eager_network(model), model, random_inputs(model.config, sizes))
    assert set(apart) == {
        "image_encoder", "memory_attention", "mask_decoder", "memory_encoder",
        "mask_prompt",
    }  # fmt: skip
    assert all(difference < TOLERANCE for difference in apart.values()), apart


@pytest.mark.parametrize("place", ["after", "before"])
def test_points_that_are_none_change_nothing(miniature, place: str) -> None:
    network, sizes = eager_network(miniature), Sizes(1, 3, 2, 1, 0)
    given = random_inputs(miniature.config, sizes)

    def answers(xy: torch.Tensor, labels: torch.Tensor) -> list[torch.Tensor]:
        prompts = network.embed_prompts(xy, labels)
        return [*network.decode(given.coarse, given.features, prompts, ambiguous=False)]

    filling = torch.full((3, 4, 2), 20.0), torch.full((3, 4), NOT_A_POINT)
    said = given.xy, given.labels
    pairs = zip(said, filling, strict=True)
    filled = [
        torch.cat([one, none] if place == "after" else [none, one], dim=1)
        for one, none in pairs
    ]
    for ours, theirs in zip(answers(*filled), answers(*said), strict=True):
        torch.testing.assert_close(ours, theirs, atol=TOLERANCE, rtol=TOLERANCE)
    nothing = torch.zeros(3, 1, 2), torch.full((3, 1), NOT_A_POINT)
    for ours, theirs in zip(answers(*filling), answers(*nothing), strict=True):
        torch.testing.assert_close(ours, theirs, atol=TOLERANCE, rtol=TOLERANCE)


def test_the_check_notices_where_they_change_something(
    miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_hiding", lambda labels: torch.zeros(len(labels), 1))
    given = random_inputs(miniature.config, SIZES[1])
    apart = differences(eager_network(miniature), miniature, given)
    assert apart["mask_decoder"] > TOLERANCE


def test_queries_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    import napari_sam2.engine.onnx.attention_part as attention_part

    monkeypatch.setattr(attention_part, "_SCORES_AT_ONCE", 4 * 16 * 3)
    model = seeded_model()
    network = eager_network(model)
    apart = differences(network, model, random_inputs(model.config, SIZES[1]))
    assert apart["memory_attention"] < TOLERANCE


def test_an_empty_mask_is_an_absent_object(miniature) -> None:
    network, masks = eager_network(miniature), torch.zeros(2, 1, 64, 64)
    masks[1, 0, 8:40, 8:40] = 1
    with torch.inference_mode():
        features = miniature.encode_image(torch.zeros(1, 3, 64, 64))
        ours = network.adopt_masks(features, masks)
        theirs = miniature.adopt_masks(features, masks)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, atol=TOLERANCE, rtol=0)
    assert ours.object_logits.flatten().tolist() == [-10, 10]


@pytest.mark.parametrize("window", ["off", "on"])
def test_a_whole_session(miniature, moving_discs, window) -> None:
    from napari_sam2.engine.options import TrackerOptions
    from napari_sam2.engine.views.window import WindowOptions

    stack, labels = moving_discs
    options = TrackerOptions(window=WindowOptions(mode=window))
    runs = []
    for network in (miniature, eager_network(miniature)):
        tracker = VideoTracker(network, stack, options=options)
        tracker.add(PointPrompt(1, 4, (34, 40)))
        tracker.add(BoxPrompt(2, 4, (40, 60, 80, 110)))
        tracker.add(MaskPrompt(3, 0, labels[0] == 1))
        first = list(tracker.propagate())
        tracker.add(PointPrompt(1, 8, (34, 48)))
        runs.append(first + list(tracker.propagate(direction="forward")))
    for one, other in zip(*runs, strict=True):
        assert one.frame == other.frame
        for ours, theirs in zip(one, other, strict=True):
            assert (ours.mask != theirs.mask).sum() <= 4
            assert ours.object_logit == pytest.approx(theirs.object_logit, abs=1e-3)


@pytest.mark.parametrize("size", [64, 96], ids=["whole windows", "cut windows"])
def test_an_encoder_exported_with_two_views_takes_one(size) -> None:
    encoder = part_modules(seeded_model(image_size=size))["image_encoder"]
    views = torch.export.Dim("views", min=1)
    exported = torch.export.export(
        encoder, (torch.rand(2, 3, size, size),), dynamic_shapes=({0: views},)
    ).module()
    image = torch.rand(1, 3, size, size)
    for ours, theirs in zip(exported(image), encoder(image), strict=True):
        torch.testing.assert_close(ours, theirs)
