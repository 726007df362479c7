"""A model that is compiled if it can be, and otherwise is as it was."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from napari_sam2.engine.compiled.network import CompiledNetwork
from napari_sam2.engine.compiled.support import compiler_for, why_not

if TYPE_CHECKING:
    from napari_sam2.engine.network import Network
    from napari_sam2.model.sam2 import Sam2Model

_log = logging.getLogger(__name__)


def compiled_network(model: Sam2Model) -> Network:
    """Return a network that compiles the model while it is used.

    Where PyTorch cannot compile, it is the model itself, and why is logged.
    """
    reason = why_not(model.device)
    if reason is None:
        return CompiledNetwork(model, compiler_for(model.device))
    _log.warning("The model is not compiled. %s", reason)
    return model
