"""What is counted is what the architecture says, for the smallest and largest model."""

from __future__ import annotations

from itertools import accumulate

import pytest
import torch

from napari_sam2.benchmarking.models import empty_model
from napari_sam2.benchmarking.parts import (
    ATTENTION,
    CLICK,
    DECODER,
    ENCODER,
    MEMORY_ENCODER,
    network_parts,
)
from napari_sam2.benchmarking.work import Work, count_work
from napari_sam2.core.quality import BALANCED, EXACT, FAST
from napari_sam2.model.config import VARIANTS, Sam2Config

# GFLOP of the reference, by PyTorch's counter: of tiny and large, 1024 and 512 pixels
ENCODERS = {
    ("tiny", 1024): 292.4,
    ("large", 1024): 1822.8,
    ("tiny", 512): 62.8,
    ("large", 512): 434.0,
}
ATTENTIONS = {
    1024: {1: 186.8, 2: 256.6, 4: 396.2, 7: 605.6},
    512: {1: 21.0, 2: 25.5, 4: 34.6, 7: 48.3},
}


def counted(config: Sam2Config, objects: int = 1) -> dict[tuple[str, int, int], Work]:
    parts = network_parts(empty_model(config), (objects,), group_size=64)
    return {(p.name, p.objects, p.memories): count_work(p.call) for p in parts}


def encoder_flops(config: Sam2Config, *, is_padded: bool) -> int:
    """Add up the encoder by its description: two operations per multiplication.

    Parameters
    ----------
    is_padded : bool
        As the reference computes it: windows filled up with zeros, and the convolutions
        that follow the neck apart.
    """
    side = config.image_size // 4
    total = side**2 * config.embed_dim * 3 * 7 * 7
    starts = [0, *accumulate(config.stages)]
    for stage, dim in enumerate(config.stage_dims):
        for index in range(starts[stage], starts[stage + 1]):
            is_first = stage > 0 and index == starts[stage]
            width = dim // 2 if is_first else dim
            window = config.windows[stage - 1 if is_first else stage]
            if index in config.global_blocks:
                window = side
            total += _attention(side, window, width, dim, is_first, is_padded)
            total += side**2 * width * dim if is_first else 0
            side = side // 2 if is_first else side
            total += 2 * side**2 * dim * 4 * dim
        total += _neck(config, side, dim, stage, is_padded)
    return 2 * total


def _attention(
    side: int, window: int, width: int, dim: int, is_first: bool, is_padded: bool
) -> int:
    """Count multiplications of one attention, with its projections."""
    whole, rest = divmod(side, window)
    runs = [window] * whole + ([window if is_padded else rest] if rest else [])
    step = 4 if is_first else 1
    total = 0
    for tokens in (rows * columns for rows in runs for columns in runs):
        queries = tokens // step
        missing = 0 if is_padded or tokens == window**2 else 1  # all padding, as one
        total += tokens * width * 3 * dim + queries * dim * dim
        total += 2 * queries * (tokens + missing) * dim
    return total


def _neck(config: Sam2Config, side: int, dim: int, stage: int, is_padded: bool) -> int:
    """Count multiplications of one level of the neck and of what follows it."""
    hidden = config.hidden_dim
    further = {0: hidden // 8, 1: hidden // 4}.get(stage)
    if further is None:
        return side**2 * dim * hidden
    if is_padded:
        return side**2 * hidden * (dim + further)
    return side**2 * dim * further + further * hidden * dim


@pytest.mark.parametrize(("size", "pixels"), ENCODERS)
def test_the_encoder(size: str, pixels: int) -> None:
    config = VARIANTS[f"sam2.1-{size}"].at_size(pixels)
    model = empty_model(config)
    image = torch.empty(1, 3, pixels, pixels, device="meta")
    flops = count_work(lambda: model.encode_image(image)).flops
    assert flops == encoder_flops(config, is_padded=False)
    padded = encoder_flops(config, is_padded=True)
    assert padded / 1e9 == pytest.approx(ENCODERS[size, pixels], abs=0.06)


@pytest.mark.parametrize(("size", "pixels"), ENCODERS)
def test_what_is_done_for_an_object(size: str, pixels: int) -> None:
    work = counted(VARIANTS[f"sam2.1-{size}"].at_size(pixels))
    for memories, gflop in ATTENTIONS[pixels].items():
        flops = work[ATTENTION, 1, memories].flops
        assert flops / 1e9 == pytest.approx(gflop, abs=0.06)
    if pixels == 1024:
        assert work[DECODER, 1, 0].flops / 1e9 == pytest.approx(3.6, abs=0.06)
        assert work[CLICK, 0, 0].flops / 1e9 == pytest.approx(3.6, abs=0.06)
        assert work[MEMORY_ENCODER, 1, 0].flops / 1e9 == pytest.approx(11.6, abs=0.06)
    assert work[ENCODER, 0, 0].flops > 0


def test_objects_in_groups_are_counted_like_objects_at_once() -> None:
    config = VARIANTS["sam2.1-tiny"].at_size(64)
    model = empty_model(config)

    def decoders(group_size: int) -> int:
        parts = network_parts(model, (5,), group_size)
        (call,) = (p.call for p in parts if p.name == DECODER)
        return count_work(call).flops

    assert decoders(2) == decoders(64)


def test_a_quality_looks_back_at_fewer_frames() -> None:
    config = VARIANTS["sam2.1-tiny"].at_size(64)
    for quality, most in ((EXACT, 7), (BALANCED, 4), (FAST, 3)):
        parts = network_parts(empty_model(config), (2,), 64, quality)
        assert max(part.memories for part in parts) == most


def test_bytes_are_what_operators_read_and_write() -> None:
    a = torch.empty(8, 4, device="meta")
    b = torch.empty(4, 2, device="meta")
    work = count_work(lambda: (a @ b).T.reshape(16))
    assert work == Work(2 * 8 * 4 * 2, 4 * (8 * 4 + 4 * 2 + 8 * 2))
    assert count_work(lambda: a @ b, itemsize=2).nbytes == work.nbytes // 2
