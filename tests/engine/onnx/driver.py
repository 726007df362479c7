"""An exported model driven with NumPy alone, as the README in its folder says.

It stands for programs in other languages: it knows the folder, and nothing of this
package. Where it and the README part, one of them is wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

Array = np.ndarray
Points = tuple[tuple[tuple[float, float], bool], ...]
NONE = np.zeros((1, 1, 2)), np.full((1, 1), -1)


class Graphs:
    """The graphs of a folder, and what its manifest says."""

    def __init__(self, folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        self.constants: dict[str, Any] = manifest["constants"]
        self.parts = manifest["parts"]
        self.size = self.parts["image_encoder"]["inputs"][0]["shape"][2]
        self.width = manifest["model"]["hidden_dim"]
        self.sessions = {
            name: onnxruntime.InferenceSession(folder / part["file"])
            for name, part in self.parts.items()
        }

    def __call__(self, name: str, **inputs: Any) -> dict[str, Array]:
        """Return what a part computes, by name."""
        types = {port["name"]: port["dtype"] for port in self.parts[name]["inputs"]}
        feed = {key: np.asarray(one).astype(types[key]) for key, one in inputs.items()}
        names = [port["name"] for port in self.parts[name]["outputs"]]
        outputs = self.sessions[name].run(names, feed)
        return dict(zip(names, outputs, strict=True))


@dataclass
class Seen:
    """One object on one frame, prompted or tracked."""

    logits: Array
    memory: Array
    pointers: Array
    is_reverse: bool = False
    said: tuple[Any, Points] | None = None  # None for masks, and where it was tracked
    corrects: Seen | None = None


class Driver:
    """Follows one object through frames, (T, H, W), of 0 to 1."""

    def __init__(self, graphs: Graphs, frames: Array) -> None:
        self.graphs, self.frames = graphs, frames
        self.constants = graphs.constants
        self.prompted: dict[int, Seen] = {}
        self.tracked: dict[int, Seen] = {}
        self._features: dict[int, dict[str, Array]] = {}

    def logits(self, frame: int) -> Array:
        """Return what is known of a frame, (S/4, S/4)."""
        seen = self.prompted.get(frame) or self.tracked[frame]
        return seen.logits[0, 0]

    def mask(self, frame: int) -> Array:
        """Return the mask of a frame, as it is before it is cleaned."""
        shape_hw = self.frames.shape[1:]
        return resized(self.logits(frame), shape_hw, is_smooth=False) > 0

    def say(self, frame: int, *points: tuple[tuple[float, float], bool], box=None):
        """Answer all that is said on a frame: a box (y0, x0, y1, x1), and points."""
        before, corrects = self.prompted.get(frame), self._corrected(frame)
        earlier = corrects.logits if corrects else None
        if before and _extends((box, points), before.said):
            earlier = before.logits
        conditioned = self._without_memory(frame)
        if corrects:
            conditioned = self._look_back(frame, is_reverse=corrects.is_reverse)
        places = [(box[:2], 2), (box[2:], 3)] if box else []
        places += [(place, int(is_on)) for place, is_on in points]
        said = self._square([place for place, _ in places]), [[n for _, n in places]]
        answer = self._decode(frame, conditioned, said, earlier, len(places) == 1)
        self._remember_prompt(frame, answer, (box, points), corrects)

    def give(self, frame: int, mask: Array) -> None:
        """Take a mask (H, W) for the answer."""
        square = resized(np.float32(mask), (self.graphs.size,) * 2)
        is_on = square >= self.constants["given_mask_threshold"]
        if mask.any() and not is_on.any():
            is_on = square >= square.max()
        made = self.graphs("mask_prompt", masks=is_on[None, None])
        coarse = self._encoded(frame)["coarse"]
        answer = self._decode(frame, coarse, NONE, made["mask_logits"], False)
        answer["logits"] = made["logits"]
        answer["object_logits"] = np.array([[10.0 if mask.any() else -10.0]])
        if not mask.any():
            answer["pointers"] = np.array([self.constants["no_object_pointer"]])
        self._remember_prompt(frame, answer, None, self._corrected(frame))

    def run(self) -> None:
        """Follow the object forward, and then backward."""
        self.tracked.clear()
        first = min(self.prompted)
        for frame in range(first, len(self.frames)):
            self._follow(frame, is_reverse=False)
        for frame in range(first - 1, -1, -1):
            self._follow(frame, is_reverse=True)

    def _corrected(self, frame: int) -> Seen | None:
        """Return what was tracked on a frame before anything was said about it."""
        before = self.prompted.get(frame)
        return before.corrects if before else self.tracked.get(frame)

    def _follow(self, frame: int, *, is_reverse: bool) -> None:
        if frame in self.prompted:
            return
        conditioned = self._look_back(frame, is_reverse=is_reverse)
        answer = self._decode(frame, conditioned, NONE, None, True)
        memory = self._memory(frame, answer, is_prompted=False)
        seen = Seen(answer["logits"], memory, answer["pointers"], is_reverse)
        self.tracked[frame] = seen

    def _remember_prompt(self, frame, answer, said, corrects: Seen | None) -> None:
        memory = self._memory(frame, answer, is_prompted=True)
        seen = Seen(answer["logits"], memory, answer["pointers"], False, said, corrects)
        self.prompted[frame] = seen
        self.tracked.pop(frame, None)

    def _encoded(self, frame: int) -> dict[str, Array]:
        if frame not in self._features:
            square = resized(self.frames[frame], (self.graphs.size,) * 2)
            mean, std = (
                np.float32(self.constants[f"image_{name}"])[:, None, None]
                for name in ("mean", "std")
            )
            images = ((square - mean) / std)[None]
            self._features[frame] = self.graphs("image_encoder", images=images)
        return self._features[frame]

    def _without_memory(self, frame: int) -> Array:
        embedding = np.float32(self.constants["no_memory_embedding"])
        return self._encoded(frame)["coarse"] + embedding[:, None, None]

    def _square(self, places_yx) -> Array:
        scale = self.graphs.size / np.array(self.frames.shape[1:])
        return ((np.array(places_yx) + 0.5) * scale)[None, :, ::-1]

    def _decode(self, frame, conditioned, said, earlier, is_ambiguous):
        grid = self.graphs.size // 4
        limit = self.constants["largest_refined_logit"]
        has_mask = earlier is not None and self.constants["refines_masks"]
        if said is NONE:  # a mask that was given comes as the decoder takes it
            limit, has_mask = np.inf, earlier is not None
        nothing = np.zeros((1, 1, grid, grid))
        features = self._encoded(frame)
        return self.graphs(
            "mask_decoder",
            conditioned=conditioned,
            middle=features["middle"],
            fine=features["fine"],
            view=[0],
            points=said[0],
            labels=said[1],
            mask_logits=earlier.clip(-limit, limit) if has_mask else nothing,
            has_mask=[has_mask],
            ambiguous=[is_ambiguous],
        )

    def _memory(self, frame, answer, *, is_prompted) -> Array:
        made = self.graphs(
            "memory_encoder",
            coarse=self._encoded(frame)["coarse"],
            view=[0],
            logits=answer["logits"],
            object_logits=answer["object_logits"],
            prompted=[is_prompted],
        )
        return as_bfloat16(made["memory"])

    def _look_back(self, frame: int, *, is_reverse: bool) -> Array:
        step = 1 if is_reverse else -1
        asked = [one for one in self.prompted if one != frame]
        chosen = nearest(asked, frame, self.constants["most_prompted_frames"])
        known = {**self.tracked, **self.prompted}

        def others(distances) -> list[tuple[int, int]]:
            near = [(k, frame + k * step) for k in distances]
            return [(k, one) for k, one in near if one in known and one not in chosen]

        count = self.constants["memory_count"]
        slots = [(0, one) for one in chosen]
        slots += [(count - k, one) for k, one in others(range(count - 1, 0, -1))]
        if not slots:
            return self._without_memory(frame)
        most = min(self.constants["pointer_count"], len(self.frames))
        ages = [((one - frame) * step, one) for one in chosen]
        ages = [(age, one) for age, one in ages if age >= 0] + others(range(1, most))
        span = self.constants["pointer_time_span"] or max(1, most - 1)
        pointers = np.array([known[one].pointers[0] for _, one in ages])
        return self.graphs(
            "memory_attention",
            coarse=self._encoded(frame)["coarse"],
            view=[0],
            memories=np.stack([known[one].memory for _, one in slots], axis=1),
            slots=[slot for slot, _ in slots],
            pointers=pointers.reshape(1, len(ages), self.graphs.width),
            ages=[age / span for age, _ in ages],
        )["conditioned"]


def nearest(asked: list[int], frame: int, most: int) -> list[int]:
    """Return which prompted frames are looked back at, in the order of the prompts."""
    if len(asked) <= most:
        return asked
    before = [one for one in asked if one < frame]
    after = [one for one in asked if one > frame]
    ranked = [min(asked)]
    ranked += [max(before)] if before else []
    ranked += [min(after)] if after else []
    ranked += sorted(asked, key=lambda one: abs(one - frame))
    chosen = list(dict.fromkeys(ranked))[:most]
    return [one for one in asked if one in chosen]


def _extends(now, before) -> bool:
    """Whether nothing but further points came to what was said before."""
    if before is None:
        return False
    return now[0] == before[0] and now[1][: len(before[1])] == before[1]


def as_bfloat16(numbers: Array) -> Array:
    """Round to the nearest number of 16 bits, to even ones between two."""
    bits = np.float32(numbers).view(np.uint32)
    bits = bits + 0x7FFF + (bits >> 16 & 1)
    return (bits & 0xFFFF0000).view(np.float32)


def resized(grid: Array, shape_hw: tuple[int, int], *, is_smooth=True) -> Array:
    """Resize (H, W) bilinearly, by default with anti-aliasing."""
    rows, columns = (
        _shares(old, new, is_smooth)
        for old, new in zip(grid.shape, shape_hw, strict=True)
    )
    return np.float32(rows @ grid @ columns.T)


def _shares(old: int, new: int, is_smooth: bool) -> Array:
    """Return how much each of ``new`` pixels takes of each of ``old``."""
    reach = max(old / new, 1.0) if is_smooth else 1.0
    centres = (np.arange(new)[:, None] + 0.5) * old / new - 0.5
    centres = centres.clip(0, old - 1)
    shares = np.maximum(0, 1 - np.abs(np.arange(old) - centres) / reach)
    return shares / shares.sum(axis=1, keepdims=True)
