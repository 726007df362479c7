"""Meta's SAM 2 video predictor, as published in ``sam2==1.1.0``, with our weights.

Only what a comparison needs: build it at any image size, hand it frames that are
already tensors, and walk through its propagation one frame at a time. Nothing of it is
changed; image size and settings go through its own configuration.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_sam2.core.errors import ModelError
from napari_sam2.engine.frames.preprocess import MEAN, STD
from napari_sam2.model.config import FEATURE_STRIDE
from napari_sam2.model.sam2 import Sam2Model

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    import numpy.typing as npt

    from napari_sam2.engine.network import Network
    from napari_sam2.model.config import Sam2Config

HOW_TO_INSTALL = (
    "Meta's sam2 is not installed. To install it beside PyTorch as it is: pip install "
    "hydra-core iopath tqdm pillow setuptools wheel, then SAM2_BUILD_CUDA=0 pip "
    "install --no-deps --no-build-isolation sam2==1.1.0"
)
"""What to tell someone who wants to compare with it."""

_SIZES = {"tiny": "t", "small": "s", "base-plus": "b+", "large": "l"}

State = dict[str, Any]


def is_available() -> bool:
    """Whether Meta's package is installed."""
    return find_spec("sam2") is not None and find_spec("hydra") is not None


def comparable(model: Network) -> Sam2Model:
    """Return a model that :func:`build_predictor` can take the weights of.

    Raises
    ------
    ModelError
        If Meta's package has no such model, or is not installed.
    """
    family, _, size = model.config.name.partition("-")
    is_known = family in ("sam2", "sam2.1") and size in _SIZES
    if not is_known or not isinstance(model, Sam2Model):
        raise ModelError(
            f"Meta's sam2 cannot run {model.config.name} as it is here: compare a "
            "released model, such as --model sam2.1-tiny, on PyTorch. It need not be "
            "downloaded."
        )
    if not is_available():
        raise ModelError(HOW_TO_INSTALL)
    return model


def build_predictor(model: Sam2Model, *, compiled: bool = False) -> Any:
    """Return a ``SAM2VideoPredictor`` with the weights and image size of a model.

    The settings are those of the public video predictor, except that small holes are
    left alone (the reference can only fill them on CUDA) and that a corrected frame
    becomes a conditioning frame. ``compiled`` takes its form for full speed.
    """
    from sam2.build_sam import build_sam2_video_predictor

    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        predictor = build_sam2_video_predictor(
            _configuration(model.config),
            ckpt_path=None,
            device=str(model.device),
            apply_postprocessing=False,
            vos_optimized=compiled,
            hydra_overrides_extra=_overrides(model.config.grid),
        )
    finally:
        logging.disable(level)
    predictor.load_state_dict(model.state_dict(), strict=True)
    return predictor


def normalised(pixels: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Scale (T, S, S, 3) bytes as the network wants them, float32 (T, 3, S, S)."""
    unit = pixels.astype(np.float32) / 255
    scaled = (unit - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
    return torch.from_numpy(scaled.transpose(0, 3, 1, 2).copy())


def precision(device: torch.device) -> AbstractContextManager[Any]:
    """Return the mode that its authors run it in: bfloat16 on CUDA, else float32."""
    if device.type == "cuda":
        return torch.autocast("cuda", torch.bfloat16)
    return nullcontext()


def start(predictor: Any, frames: torch.Tensor) -> State:
    """Open a session on ``frames``, float32 (T, 3, S, S), ready for the network."""
    import sam2.sam2_video_predictor as module

    size = predictor.image_size
    load = module.load_video_frames
    there = frames.to(predictor.device)
    module.load_video_frames = lambda **_: (there, size, size)
    try:
        with precision(predictor.device):
            state: State = predictor.init_state("frames in memory")
    finally:
        module.load_video_frames = load
    return state


def click(
    predictor: Any, state: State, *, object_id: int, frame: int, yx: tuple[float, float]
) -> npt.NDArray[np.bool_]:
    """Add a positive click, ``yx`` as fractions of the image; return the mask."""
    with precision(predictor.device):
        _, ids, logits = predictor.add_new_points_or_box(
            state,
            frame_idx=frame,
            obj_id=object_id,
            points=[[yx[1], yx[0]]],
            labels=[1],
            clear_old_points=False,
            normalize_coords=False,
        )
    mask: npt.NDArray[np.bool_] = (logits[ids.index(object_id), 0] > 0).cpu().numpy()
    return mask


def propagate(
    predictor: Any, state: State, *, start: int, is_reverse: bool = False
) -> Iterator[tuple[int, Mapping[int, npt.NDArray[np.bool_]]]]:
    """Yield each frame's index and masks by object, from ``start`` to the end."""
    import sam2.sam2_video_predictor as module

    module.tqdm = _without_bar
    run = predictor.propagate_in_video(state, start, reverse=is_reverse)
    while True:
        with precision(predictor.device):  # for one step: it would leak out of a yield
            step = next(run, None)
        if step is None:
            return
        frame, ids, logits = step
        masks = (logits[:, 0] > 0).cpu().numpy()
        yield frame, dict(zip(ids, masks, strict=True))


def _configuration(config: Sam2Config) -> str:
    """Return where Meta's package describes a model."""
    family, _, size = config.name.partition("-")
    return f"configs/{family}/{family}_hiera_{_SIZES[size]}.yaml"


def _overrides(grid: int) -> list[str]:
    """Return settings in the words of the reference's own configuration."""
    layer = "++model.memory_attention.layer"
    decoder = "++model.sam_mask_decoder_extra_args"
    return [
        f"++model.image_size={grid * FEATURE_STRIDE}",
        f"{layer}.self_attention.feat_sizes=[{grid},{grid}]",
        f"{layer}.cross_attention.feat_sizes=[{grid},{grid}]",
        f"{decoder}.dynamic_multimask_via_stability=true",
        f"{decoder}.dynamic_multimask_stability_delta=0.05",
        f"{decoder}.dynamic_multimask_stability_thresh=0.98",
        "++model.binarize_mask_from_pts_for_mem_enc=true",
        "++model.add_all_frames_to_correct_as_cond=true",
        "++model.fill_hole_area=0",
    ]


def _without_bar(frames: Iterable[Any], **_: object) -> Iterable[Any]:
    """Stand in for the progress bar, which the reference cannot turn off."""
    return frames
