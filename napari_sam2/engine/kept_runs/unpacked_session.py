"""Bytes of :mod:`napari_sam2.engine.kept_runs.packed_session` to what a session knows.

They may come from anywhere: nothing is believed before it was looked at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load

from napari_sam2.core.errors import CheckpointError, Sam2Error
from napari_sam2.engine.kept_runs.conditions import check_conditions, check_frames
from napari_sam2.engine.kept_runs.memories import memories_from
from napari_sam2.engine.kept_runs.packed_session import SEEN, STATE, VERSION, WHAT
from napari_sam2.engine.kept_runs.run_json import run_from
from napari_sam2.engine.kept_runs.said_json import said_from, sighting_from, view_from
from napari_sam2.engine.objects.memory import MemoryBank
from napari_sam2.engine.objects.track import Answer, ObjectTrack, Tracked, ViewedMask
from napari_sam2.engine.objects.tracks import ObjectTracks
from napari_sam2.model.object_state import ObjectState

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import numpy.typing as npt

    from napari_sam2.engine.parts import SessionParts
    from napari_sam2.engine.runs.runner import Paused

_HEADER_BYTES = 8
_WHERE = "the project"


def unpack_session(
    data: bytes, parts: SessionParts
) -> tuple[Paused | None, ObjectTracks]:
    """Return the run if one was stopped, and the objects, on the device of the model.

    Raises
    ------
    CheckpointError
        If these are not the bytes of a session that computed with the same, or frames
        are others.
    FrameError
        If a frame that is compared cannot be read.
    """
    frame_count = parts.frame_count
    try:
        said = json.loads(_metadata(data)[WHAT])
        if said["version"] != VERSION:
            raise ValueError("it is of another version of napari-sam2")
        check_conditions(_WHERE, said["conditions"], parts)
        run = said["run"]
        paused = None if run is None else run_from(run, frame_count)
        read = _Reader(load(data), parts)
        found = [read.track(int(i), one) for i, one in said["objects"].items()]
        tracks = ObjectTracks.made_of(frame_count, found)
        if paused and not paused.plan.prompted.keys() <= set(tracks.ids):
            raise ValueError("its objects are others")
        seen = read.seen
    except CheckpointError:
        raise
    except (
        SafetensorError, ArithmeticError, AttributeError, LookupError, RuntimeError,
        Sam2Error, TypeError, ValueError,
    ) as error:  # fmt: skip
        raise CheckpointError(
            f"What is kept of a run that was stopped is damaged ({error}): begin anew."
        ) from error
    check_frames(_WHERE, _compared(found), seen, parts)
    parts.encoder.reader.take_up(seen)
    return paused, tracks


def _compared(tracks: Iterable[ObjectTrack]) -> set[int]:
    """Return the frames that are remembered: masks to come hang on each of them."""
    return {f for one in tracks for f in (*one.answers, *one.bank.tracked)}


def _metadata(data: bytes) -> dict[str, str]:
    """Return what a safetensors file says besides its tensors."""
    length = int.from_bytes(data[:_HEADER_BYTES], "little")
    header = json.loads(data[_HEADER_BYTES : _HEADER_BYTES + length])
    return dict(header["__metadata__"])


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes tracks of tensors, each of which has to be of the shape that it should."""

    tensors: dict[str, torch.Tensor]
    parts: SessionParts

    @property
    def seen(self) -> npt.NDArray[np.int64]:
        """What tells the frames from others."""
        found = self.tensors[SEEN]
        if found.shape != (self.parts.frame_count,) or found.dtype != torch.int64:
            raise ValueError("it is of another stack")
        return found.numpy()

    def track(self, number: int, said: dict[str, Any]) -> ObjectTrack:
        """Return the track of an object."""
        visits = self._rows(f"{number}", "visits", 1, self.parts.frame_count)[0]
        if not all(0 <= one["frame"] < len(visits) for one in said["answers"]):
            raise ValueError("it is of another stack")
        answers = self._answers(number, said["answers"])
        bank = MemoryBank(
            *(
                memories_from(
                    said[name], partial(self._rows, f"{number}.{name}"), self.parts
                )
                for name in ("made", "recent", "around")
            )
        )
        if any(m.spatial is None for m in (bank.conditioning | bank.recent).values()):
            raise ValueError("memories are missing")
        if not bank.conditioning.keys() <= answers.keys():
            raise ValueError("nothing was said where it should have been")
        return ObjectTrack(number, bytearray(visits.tolist()), answers, bank)

    def _answers(self, number: int, said: list[dict[str, Any]]) -> dict[int, Answer]:
        config, shape_hw = self.parts.model.config, self.parts.shape_hw
        side, width = config.mask_size, config.hidden_dim
        shapes = (1, side, side), (), (width,), (1,)
        parts = [
            self._rows(f"{number}", name, len(said), *shape)
            for name, shape in zip(STATE, shapes, strict=True)
        ]
        corrected = [one["corrects"] for one in said]
        count = sum(one is not None and one["view"] is not None for one in corrected)
        masks = iter(self._rows(f"{number}", "corrected", count, 1, side, side))
        return {
            one["frame"]: Answer(
                said_from(one["said"], shape_hw),
                ObjectState(*(part[index][None] for part in parts)),
                sighting_from(one["sighting"], shape_hw),
                self._corrected(one["corrects"], masks),
            )
            for index, one in enumerate(said)
        }

    def _corrected(self, said: dict[str, Any] | None, masks: Any) -> Tracked | None:
        if said is None:
            return None
        mask = None
        if said["view"] is not None:
            view = view_from(said["view"], self.parts.shape_hw)
            mask = ViewedMask(next(masks)[None], view)
        return Tracked(mask, is_reverse=bool(said["is_reverse"]))

    def _rows(self, of: str, name: str, count: int, *shape: int) -> list[torch.Tensor]:
        """Return tensors that were put together, each in a place of its own."""
        if not count:
            return []
        found = self.tensors[f"{of}.{name}"]
        if tuple(found.shape) != (count, *shape):
            raise ValueError("it is of another model or stack")
        return [one.to(self.parts.model.device, copy=True) for one in found]
