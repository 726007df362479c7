"""From a name, a file or a folder to a model on a device."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

from napari_sam2.core.errors import ModelError
from napari_sam2.core.quality import EXACT, given_quality
from napari_sam2.engine.device import pick_device, told_shortage
from napari_sam2.engine.heap import keep_freed_memory
from napari_sam2.engine.llvm import leave_triton_out
from napari_sam2.engine.rounding import settle_precision
from napari_sam2.engine.weights.adapters import find_base, read_card
from napari_sam2.engine.weights.cache import resolve_weights
from napari_sam2.engine.weights.exported import is_exported
from napari_sam2.model.adapter import load_adapted
from napari_sam2.model.checkpoint import load_weights, read_shapes
from napari_sam2.model.config import VARIANTS
from napari_sam2.model.description import config_of

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.core.quality import Quality
    from napari_sam2.engine.network import Network
    from napari_sam2.model.config import Sam2Config
    from napari_sam2.model.sam2 import Sam2Model

Backend: TypeAlias = Literal["auto", "torch", "onnx"]


class OwnModel(NamedTuple):
    """A model as it was made, or tuned."""

    config: Sam2Config
    is_exported: bool = False  # as graphs of ONNX


def load_model(
    name_or_path: str | Path = "nano",
    *,
    device: str = "auto",
    image_size: int | None = None,
    backend: Backend = "auto",
    quality: Quality | str = EXACT,
    is_compiled: bool = False,
) -> Network:
    """Load a model, ready to segment.

    Parameters
    ----------
    name_or_path : str or Path, optional
        A name that ``napari-sam2 models list`` shows, a weights file (``.pt`` or
        ``.safetensors``), or a folder that ``napari-sam2 export-onnx`` wrote. An
        adapter is merged into its base. ``nano`` comes with the package; the others are
        downloaded once, by ``napari-sam2 models download NAME``.
    device : str, optional
        ``"auto"`` (CUDA, else MPS, else CPU), or ``"cpu"``, ``"cuda"``, ``"cuda:1"``,
        ``"mps"``. ONNX Runtime has some of its own, see
        :func:`napari_sam2.engine.onnx.providers.choose_providers`.
    image_size : int, optional
        Side of the square that frames are squashed to, a multiple of 32; by default
        what the model was made for, or the adapter tuned at.
    backend : {"auto", "torch", "onnx"}, optional
        What computes: PyTorch, or ONNX Runtime, which needs the extra ``onnx``. It is
        PyTorch by default for weights. With ``"onnx"`` they are exported once and kept
        in the cache folder, which needs the extra ``onnx-export``.
    quality : Quality or {"exact", "rounded", "balanced", "fast"}, optional
        Says the image size where ``image_size`` does not, as a share of the model's
        own, and whether products are rounded; graphs of ONNX have the size and the
        precision that they were exported with.
    is_compiled : bool, optional
        Let PyTorch compile what is done on every frame, once a run has gone on for some
        frames; see :class:`napari_sam2.engine.compiled.network.CompiledNetwork`. What
        cannot be compiled or gains nothing stays as it is, and why is logged.

    Returns
    -------
    Network
        A :class:`napari_sam2.model.sam2.Sam2Model`, or one that computes the same.

    Raises
    ------
    ModelError
        If the name is unknown or its weights, or those of an adapter's base, are not
        here yet, or a package is missing, or ONNX graphs are to be compiled.
    CheckpointError
        If the file or folder is broken, unsafe or of another architecture, or an
        adapter was made for another base.
    DeviceError
        If the machine has no such device.
    GpuMemoryError
        If the weights do not fit the computer's or the device's memory.
    """
    quality = given_quality(quality)
    if backend not in get_args(Backend):
        names = ", ".join(get_args(Backend))
        raise ModelError(f"There is no backend {backend!r}: choose one of {names}.")
    path = resolve_weights(name_or_path)
    if image_size is None and quality.size_share < 1 and not is_exported(path):
        image_size = quality.image_size(own_model(name_or_path).config.image_size)
    if is_compiled and (backend == "onnx" or is_exported(path)):
        raise ModelError(
            "ONNX Runtime cannot be told to compile: its graphs are compiled already. "
            "Leave that out (dock: Settings; command line: --compile), or choose "
            "PyTorch as the backend."
        )
    if is_exported(path):
        return _exported(path.parent, device, image_size, backend)
    if backend == "onnx":
        from napari_sam2.engine.onnx.cached import cached_network

        load = partial(load_torch_model, path, device="cpu", image_size=image_size)
        return cached_network(path, load, device=device, image_size=image_size)
    model = load_torch_model(path, device=device, image_size=image_size)
    settle_precision(model, quality)
    return _compiled(model) if is_compiled else model


def _exported(
    folder: Path, device: str, image_size: int | None, backend: Backend
) -> Network:
    if backend == "torch":
        raise ModelError(
            f"{folder} holds ONNX graphs, which PyTorch does not run: choose the "
            "backend onnx, or the weights that it was made of."
        )
    from napari_sam2.engine.onnx.opening import open_network

    return open_network(folder, device=device, image_size=image_size)


def _compiled(model: Sam2Model) -> Network:
    from napari_sam2.engine.compiled.opening import compiled_network

    return compiled_network(model)


def own_model(name_or_path: str | Path) -> OwnModel:
    """Return what is known of a model without loading it.

    Parameters
    ----------
    name_or_path : str or Path
        As for :func:`load_model`; a released model need not be here.

    Raises
    ------
    ModelError, CheckpointError
        As :func:`load_model`.
    """
    if isinstance(name_or_path, str) and name_or_path in VARIANTS:
        return OwnModel(VARIANTS[name_or_path])
    path = resolve_weights(name_or_path)
    if is_exported(path):
        from napari_sam2.engine.onnx.manifest import read_manifest

        manifest = read_manifest(path.parent, checks=False)  # loading does
        return OwnModel(manifest.config, is_exported=True)
    card = read_card(path)
    if card is None:
        return OwnModel(config_of(path, read_shapes(path)))
    base = own_model(find_base(card, path))
    return base._replace(config=base.config.at_size(card.image_size))


def load_torch_model(
    path: Path, *, device: str = "auto", image_size: int | None = None
) -> Sam2Model:
    """Load a file of weights into PyTorch's network, in float32."""
    leave_triton_out()
    target = pick_device(device)
    if target.type == "cpu":
        keep_freed_memory()
    with told_shortage():
        return _read(path, image_size).to(target)


def _read(path: Path, image_size: int | None) -> Sam2Model:
    card = read_card(path)
    if card is None:
        return load_weights(path, image_size=image_size)
    base, size = find_base(card, path), image_size or card.image_size
    return load_adapted(base, path, image_size=size)
