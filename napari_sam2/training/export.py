"""Models to files: weights in safetensors, their description in JSON beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save

from napari_sam2.core.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.model.sam2 import Sam2Model


def export(model: Sam2Model, path: Path, *, half: bool = True) -> None:
    """Write weights and description, whole or not at all.

    Parameters
    ----------
    model : Sam2Model
    path : Path
        Ends in ``.safetensors``; the description gets the ending ``.json``.
    half : bool, optional
        Store float16, as for the bundled model; otherwise float32, to train on.

    Raises
    ------
    OutputError
        If the files cannot be written, or weights are not finite or too large.
    """
    dtype = torch.float16 if half else torch.float32
    state = {
        name: tensor.detach().to("cpu", dtype).contiguous()
        for name, tensor in model.state_dict().items()
    }
    broken = [name for name, tensor in state.items() if not tensor.isfinite().all()]
    if broken:
        raise OutputError(
            f"{path.name} was not written: {broken[0]} holds values that are not "
            "finite. Go back to an earlier checkpoint and lower the learning rate."
        )
    unfinished = path.with_suffix(".unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(save(state))
        unfinished.replace(path)
        description = json.dumps(model.config.to_json(), indent=2)
        path.with_suffix(".json").write_text(description + "\n", "utf-8")
    except OSError as error:
        raise OutputError(f"{path} could not be written: {error}.") from error
