"""An exported model driven with NumPy alone, as the README in its folder says.

It stands for programs in other languages: it knows the folder, and nothing of this
package.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
from scipy.ndimage import zoom


def resized(grid: np.ndarray) -> np.ndarray:
    """Return the mask that logits stand for, four times as large."""
    return zoom(grid, 4, order=1, grid_mode=True, mode="nearest") > 0


class Driver:
    """Follows objects from boxes on the first frame, forward."""

    def __init__(self, folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        self.constants = manifest["constants"]
        self.size = manifest["parts"]["image_encoder"]["inputs"][0]["shape"][2]
        self.graphs = {
            name: onnxruntime.InferenceSession(folder / part["file"])
            for name, part in manifest["parts"].items()
        }
        self.remembered: list[tuple[np.ndarray, np.ndarray]] = []

    def first(self, picture: np.ndarray, boxes_yxyx: list) -> np.ndarray:
        """Answer boxes; return logits (B, S/4, S/4)."""
        features = self._encode(picture)
        embedding = np.float32(self.constants["no_memory_embedding"])
        coarse = features["coarse"] + embedding[:, None, None]
        y0, x0, y1, x1 = np.float32(boxes_yxyx).T + 0.5
        points = np.stack([np.stack([x0, y0], 1), np.stack([x1, y1], 1)], axis=1)
        labels = np.int64([[2, 3]] * len(points))
        conditioned = np.repeat(coarse, len(points), axis=0)
        return self._answer(features, conditioned, points, labels, prompted=True)

    def following(self, picture: np.ndarray) -> np.ndarray:
        """Find the objects on the next frame; return logits (B, S/4, S/4)."""
        features = self._encode(picture)
        now, count = len(self.remembered), self.constants["memory_count"]
        recent = [t for t in range(now - count + 1, now) if t > 0]
        older = range(now - 1, max(0, now - self.constants["pointer_count"]), -1)
        pointed = [0, *(t for t in older if t > 0)]
        objects = len(self.remembered[0][0])
        [conditioned] = self._run(
            "memory_attention",
            coarse=features["coarse"],
            view=np.zeros(objects, np.int64),
            memories=np.stack([self.remembered[t][0] for t in [0, *recent]], axis=1),
            slots=np.int64([0, *(count - (now - t) for t in recent)]),
            pointers=np.stack([self.remembered[t][1] for t in pointed], axis=1),
            ages=np.float32([now - t for t in pointed])
            / self.constants["pointer_time_span"],
        )
        points = np.zeros((objects, 1, 2), np.float32)
        labels = np.full((objects, 1), -1)
        return self._answer(features, conditioned, points, labels, prompted=False)

    def _encode(self, picture: np.ndarray) -> dict[str, np.ndarray]:
        mean, std = (
            np.float32(self.constants[f"image_{name}"])[:, None, None]
            for name in ("mean", "std")
        )
        images = (np.float32(picture)[None] - mean) / std
        names = ("coarse", "middle", "fine")
        made = self._run("image_encoder", images=images[None])
        return dict(zip(names, made, strict=True))

    def _answer(self, features, conditioned, points, labels, *, prompted):
        objects, grid = len(points), self.size // 4
        view = np.zeros(objects, np.int64)
        logits, _, pointers, object_logits = self._run(
            "mask_decoder",
            conditioned=conditioned,
            middle=features["middle"],
            fine=features["fine"],
            view=view,
            points=points,
            labels=labels,
            mask_logits=np.zeros((objects, 1, grid, grid), np.float32),
            has_mask=np.zeros(objects, bool),
            ambiguous=np.full(objects, labels.shape[1] == 1),
        )
        [memory] = self._run(
            "memory_encoder",
            coarse=features["coarse"],
            view=view,
            logits=logits,
            object_logits=object_logits,
            prompted=np.full(objects, prompted),
        )
        self.remembered.append((memory, pointers))
        return logits[:, 0]

    def _run(self, name: str, **inputs: np.ndarray) -> list[np.ndarray]:
        return self.graphs[name].run(None, inputs)
