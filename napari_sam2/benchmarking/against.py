"""Our tracker and Meta's side by side in one process, taking turns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from napari_sam2.benchmarking import reference
from napari_sam2.benchmarking.clock import take_turns
from napari_sam2.benchmarking.comparison import Row
from napari_sam2.benchmarking.runs import warm_up_frames
from napari_sam2.benchmarking.sessions import Sessions
from napari_sam2.core.wording import counted
from napari_sam2.engine.compiled.opening import compiled_network
from napari_sam2.engine.device import inference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_sam2.benchmarking.measure import Extent
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.engine.network import Network
    from napari_sam2.model.sam2 import Sam2Model

_ENCODED = 7
_BLOCKS, _FRAMES_PER_BLOCK = 3, 4
# Within so many frames, and so many calls, all is compiled that comes again and again.
_FRAMES_TO_COMPILE, _CALLS_TO_COMPILE = 24, 4


def compare(
    model: Sam2Model,
    extent: Extent,
    *,
    is_compiled: bool,
    token: CancelToken,
    say: Callable[[str], None],
) -> Iterator[Row]:
    """Yield what both sides take, as exactly as the reference computes.

    Parameters
    ----------
    model : Sam2Model
        A released kind; the reference gets the same weights.
    extent : Extent
        Runs end soon after the memories are full, however many frames are asked for.
    is_compiled : bool
        Whether both sides are compiled, which takes minutes.
    token : CancelToken
        Ends it before the next row.
    say : callable
        Is told what is measured next.
    """
    say("sam2, image encoder")
    predictor = reference.build_predictor(model, compiled=is_compiled)
    ours = compiled_network(model) if is_compiled else model
    yield encoder_row(predictor, ours, _ENCODED)
    for objects in extent.objects:
        if token.is_cancelled:
            return
        say(f"sam2, tracking {counted(objects, 'object')}")
        warm_up = warm_up_frames(model.config, extent.frames)
        if is_compiled:
            warm_up = max(warm_up, _FRAMES_TO_COMPILE)
        yield _tracking_row(predictor, ours, objects, warm_up)


def encoder_row(predictor: Any, model: Network, repeats: int) -> Row:
    """Encode one image, several times on either side."""
    size = model.config.image_size
    image = torch.randn(1, 3, size, size, device=model.device)

    def theirs() -> None:
        with torch.inference_mode(), reference.precision(image.device):
            predictor.forward_image(image)

    def mine() -> None:
        with inference(model):
            model.encode_image(image)

    for _ in range(_CALLS_TO_COMPILE):
        mine()
    times = take_turns(theirs, mine, repeats)
    return Row("image encoder", "time per frame", "s", *times)


def _tracking_row(predictor: Any, model: Network, objects: int, warm_up: int) -> Row:
    count = 1 + warm_up + _BLOCKS * _FRAMES_PER_BLOCK
    sessions = Sessions(predictor, model, count + 1, objects)
    sessions.skip(warm_up + 1)
    times = sessions.walk(_BLOCKS, _FRAMES_PER_BLOCK)
    note = f"masks on the last frame agree to an IoU of {sessions.agreement():.4f}"
    case = counted(objects, "object")
    return Row(case, "time per frame", "s", *times, note)
