"""The first stage: the encoder learns from every pixel, before there are prompts.

A small head reads all three scales and says, for every cell of the finest grid, whether
an outline runs through it, whether an object covers it, and whether cells some way off
belong to the same object. The head is thrown away; what the features learnt stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_sam2.training.answers import normalised
from napari_sam2.training.outcome import Outcome

if TYPE_CHECKING:
    from napari_sam2.model.config import Sam2Config
    from napari_sam2.model.image_encoder import ImageFeatures
    from napari_sam2.model.sam2 import Sam2Model
    from napari_sam2.training.scenes import Clips

_STRIDE = 4
_OFFSETS = ((0, 1), (1, 0), (0, 4), (4, 0), (4, 4), (4, -4), (0, 10), (10, 0))


class DenseTargets:
    """What the head is to say about label images (B, S, S), on the grid (B, h, w)."""

    def __init__(self, labels: Tensor) -> None:
        cells = labels.unfold(1, _STRIDE, _STRIDE).unfold(2, _STRIDE, _STRIDE)
        flat = cells.flatten(3)  # (B, h, w, 16)
        self.middle = labels[:, _STRIDE // 2 :: _STRIDE, _STRIDE // 2 :: _STRIDE]
        self.edges = (flat.amax(dim=-1) != flat.amin(dim=-1)).float()
        self.cover = (flat > 0).float().mean(dim=-1)

    def kinship(self, offset: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Return whether cells belong together, and where that is known at all.

        The cell compared with lies ``offset`` (rows, columns) away; where either is
        background, or it would lie beyond the picture, nothing is known.
        """
        other = shifted(self.middle, offset)
        known = (self.middle > 0) & (other > 0)
        return (self.middle == other).float(), known


def shifted(labels: Tensor, offset: tuple[int, int]) -> Tensor:
    """Return the labels that lie ``offset`` away, -1 beyond the picture."""
    rows, columns = offset
    height, width = labels.shape[1:]
    padded = F.pad(labels, (abs(columns), abs(columns), rows, rows), value=-1)
    start = abs(columns) + columns
    return padded[:, 2 * rows : 2 * rows + height, start : start + width]


class DenseStep(nn.Module):
    """The head and its loss; called as every stage's step is.

    Parameters
    ----------
    config : Sam2Config
        Of the model whose features are read.
    """

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        dim = config.hidden_dim
        widths = (dim, dim // 4, dim // 8)
        self.scales = nn.ModuleList(nn.Conv2d(w, dim // 2, 1) for w in widths)
        self.out = nn.Conv2d(dim // 2, 2 + len(_OFFSETS), 1)

    def forward(self, model: Sam2Model, clips: Clips, seed: int, batch: int) -> Outcome:
        """Compute the loss of the first frames of clips."""
        features = model.encode_image(normalised(clips.images[:, 0]))
        said = self.read(features).float()
        targets = DenseTargets(clips.labels[:, 0])
        edges = _balanced(said[:, 0], targets.edges)
        cover = F.binary_cross_entropy_with_logits(said[:, 1], targets.cover)
        kin, right = [], []
        for channel, offset in enumerate(_OFFSETS, 2):
            same, known = targets.kinship(offset)
            kin.append(_balanced(said[:, channel], same, known))
            hits = ((said[:, channel] > 0) == (same > 0)) & known
            right.append(hits.sum() / known.sum().clamp(min=1))
        loss = edges + cover + torch.stack(kin).mean()
        found = (said[:, 0] > 0).float()
        overlap = (found * targets.edges).sum()
        both = found.sum() + targets.edges.sum()
        figures = {
            "edges": 2 * overlap / both.clamp(min=1),
            "kinship": torch.stack(right).mean(),
        }
        return Outcome(loss, len(clips.images), figures)

    def read(self, features: ImageFeatures) -> Tensor:
        """Return the head's logits, (B, 2 + offsets, S/4, S/4)."""
        size = features.fine.shape[-2:]
        parts = [
            F.interpolate(conv(part), size=size, mode="bilinear", align_corners=False)
            for conv, part in zip(self.scales, features, strict=True)
        ]
        logits: Tensor = self.out(F.gelu(torch.stack(parts).sum(dim=0)))
        return logits


def _balanced(logits: Tensor, truth: Tensor, known: Tensor | None = None) -> Tensor:
    """Return cross-entropy in which both classes weigh the same."""
    weight = torch.ones_like(truth) if known is None else known.float()
    cross = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    classes = [weight * truth, weight * (1 - truth)]
    means = [(cross * c).sum() / c.sum().clamp(min=1) for c in classes]
    return 0.5 * (means[0] + means[1])
