"""Where trackers come from, on the lane: the model that was loaded last is kept."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.core.cancel import Progress
from napari_sam2.core.quality import EXACT
from napari_sam2.state.settings import model_choice

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from napari_sam2.control.ports import Tracker, TrackerRequest
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.engine.device import Device
    from napari_sam2.engine.network import Network


class ModelShelf:
    """A :class:`napari_sam2.control.ports.TrackerFactory` that keeps one model.

    Torch is imported when the first tracker is made, so importing this is cheap.
    """

    def __init__(self) -> None:
        self._model: Network | None = None
        self._choice: tuple[object, ...] = ()
        self._quality = EXACT
        self._thread: int | None = None

    def chosen_here(self) -> tuple[object, ...] | None:
        """Return which model this thread asked for last; None on other threads.

        As :data:`napari_sam2.state.settings.model_choice` does.
        """
        return self._choice if threading.get_ident() == self._thread else None

    def __call__(
        self, request: TrackerRequest, token: CancelToken
    ) -> Iterator[Progress | Tracker]:
        """Yield how far loading has come, and the tracker as the last item."""
        choice, self._thread = model_choice(request), threading.get_ident()
        if self._model is None or self._choice != choice:
            self._model = None  # first, so that two are never in memory at once
            self._choice = choice
            yield Progress(0, 0, f"Loading {request.model}")
            self._model = self._load(request)
        yield Progress(0, 0, "Looking at the stack")
        from napari_sam2.engine.options import TrackerOptions
        from napari_sam2.engine.setting_up import set_up_tracker

        tracker = set_up_tracker(
            self._model,
            request.frames,
            limits=request.limits,
            corrects_bleaching=request.corrects_bleaching,
            options=replace(
                TrackerOptions.chosen(request.window, self._quality),
                feature_cache_bytes=request.cache_mib << 20,
            ),
        )
        yield tracker

    def _load(self, request: TrackerRequest) -> Network:
        let_threads_rest()
        from napari_sam2.engine.grading import choose_quality
        from napari_sam2.engine.loading import load_model

        model, device = request.model, request.device
        self._quality = choose_quality(request.quality, model, device=device)
        return load_model(
            model,
            device=device,
            image_size=request.image_size or None,
            quality=self._quality,
            is_compiled=request.is_compiled,
        )


def let_threads_rest() -> None:
    """Keep idle threads of torch from spinning; read when torch is imported.

    They would take the cores from the window and from other programs, and frames would
    take several times as long.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def find_devices(token: CancelToken) -> Generator[tuple[Device, ...]]:
    """Find what can compute; importing torch for it takes a while."""
    let_threads_rest()
    from napari_sam2.engine.device import find_devices as find

    yield find()


def fetch_weights(name: str, token: CancelToken) -> Generator[Progress, None, object]:
    """Bring the weights of a model here; see :mod:`napari_sam2.control.downloads`.

    A file of the user's own is here, but may hold anything: it is read to see.
    """
    from napari_sam2.engine.weights import download, find_checkpoint

    path = Path(name)
    if path.is_absolute():
        return (yield from _try_file(path))
    return (yield from download(find_checkpoint(name), token=token))


def _try_file(path: Path) -> Generator[Progress, None, object]:
    yield Progress(0, 0, f"Looking at {path.name}")
    let_threads_rest()
    from napari_sam2.engine.loading import load_model

    return load_model(path, device="cpu")
