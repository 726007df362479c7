"""Meta's SAM 2 video predictor, as published in ``sam2==1.1.0``, with seeded weights.

Only what a comparison needs: build it at any image size, hand it frames that are
already tensors, and walk through its propagation one frame at a time. Nothing of it is
changed; image size and settings go through its own configuration.
"""

from __future__ import annotations

import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    import numpy as np
    import numpy.typing as npt

sys.path.append(str(Path(__file__).resolve().parents[1] / "golden"))
import recipe

CONFIG_OF_VARIANT = {
    "tiny": "configs/sam2.1/sam2.1_hiera_t.yaml",
    "small": "configs/sam2.1/sam2.1_hiera_s.yaml",
    "base-plus": "configs/sam2.1/sam2.1_hiera_b+.yaml",
    "large": "configs/sam2.1/sam2.1_hiera_l.yaml",
}
STRIDE = 16

State = dict[str, Any]


def is_available() -> bool:
    """Whether Meta's package can be imported."""
    try:
        import sam2.build_sam  # noqa: F401
    except ImportError:
        return False
    return True


def build_predictor(
    variant: str, image_size: int, device: str = "cpu", *, compiled: bool = False
) -> Any:
    """Return a ``SAM2VideoPredictor`` with seeded weights.

    The settings are those of the public video predictor, except that small holes are
    left alone (the reference can only fill them on CUDA) and that a corrected frame
    becomes a conditioning frame. ``compiled`` takes its form for full speed.
    """
    from sam2.build_sam import build_sam2_video_predictor

    logging.disable(logging.WARNING)
    predictor = build_sam2_video_predictor(
        CONFIG_OF_VARIANT[variant],
        ckpt_path=None,
        device=device,
        apply_postprocessing=False,
        vos_optimized=compiled,
        hydra_overrides_extra=_overrides(image_size),
    )
    predictor.load_state_dict(seeded_weights(predictor), strict=True)
    return predictor


def seeded_weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return a state dict for ``model`` that depends only on names and shapes."""
    shapes = {name: tuple(t.shape) for name, t in model.state_dict().items()}
    with ThreadPoolExecutor() as pool:  # drawing leaves other threads free
        arrays = pool.map(recipe.seeded_array, shapes, shapes.values())
        return dict(zip(shapes, map(torch.from_numpy, arrays), strict=True))


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


def start_folder(predictor: Any, folder: Path) -> State:
    """Open a session on a folder of JPEG files, as the reference's users do."""
    import sam2.utils.misc as module

    module.tqdm = _without_bar
    state: State = predictor.init_state(str(folder))
    return state


def click(
    predictor: Any, state: State, *, object_id: int, frame: int, xy: tuple[float, float]
) -> npt.NDArray[np.bool_]:
    """Add a positive click, ``xy`` as fractions of the image; return the mask."""
    with precision(predictor.device):
        _, ids, logits = predictor.add_new_points_or_box(
            state,
            frame_idx=frame,
            obj_id=object_id,
            points=[list(xy)],
            labels=[1],
            clear_old_points=False,
            normalize_coords=False,
        )
    mask: npt.NDArray[np.bool_] = (logits[ids.index(object_id), 0] > 0).cpu().numpy()
    return mask


def propagate(
    predictor: Any, state: State, *, start: int | None = None
) -> Iterator[tuple[int, Mapping[int, npt.NDArray[np.bool_]]]]:
    """Yield each frame's index and masks by object, from ``start`` to the end."""
    import sam2.sam2_video_predictor as module

    module.tqdm = _without_bar
    run = predictor.propagate_in_video(state, start)
    while True:
        with precision(predictor.device):  # for one step: it would leak out of a yield
            step = next(run, None)
        if step is None:
            return
        frame, ids, logits = step
        masks = (logits[:, 0] > 0).cpu().numpy()
        yield frame, dict(zip(ids, masks, strict=True))


def _overrides(image_size: int) -> list[str]:
    """Settings in the words of the reference's own configuration."""
    grid = image_size // STRIDE
    layer = "++model.memory_attention.layer"
    decoder = "++model.sam_mask_decoder_extra_args"
    return [
        f"++model.image_size={image_size}",
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
