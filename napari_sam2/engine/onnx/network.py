"""A network that ONNX Runtime computes, with the functions of the PyTorch one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from napari_sam2.engine.onnx.interface import (
    IMAGE_ENCODER,
    MASK_DECODER,
    MASK_PROMPT,
    MEMORY_ATTENTION,
    MEMORY_ENCODER,
)
from napari_sam2.engine.onnx.providers import MAY_ROUND
from napari_sam2.model.image_encoder import ImageFeatures
from napari_sam2.model.object_state import MASK_BIAS, MASK_SCALE, ObjectState
from napari_sam2.model.prompt_encoder import NOT_A_POINT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_sam2.core.quality import Precision
    from napari_sam2.engine.onnx.manifest import Manifest
    from napari_sam2.engine.onnx.session import Graph
    from napari_sam2.model.config import Sam2Config


class RawMemories(NamedTuple):
    """What B objects remember, as the graph takes it."""

    spatial: Tensor  # (B, M, hw, memory_dim)
    slots: Tensor  # (M,)
    pointers: Tensor  # (B, P, C)
    ages: Tensor  # (P,)


class RawPrompts(NamedTuple):
    """What is said about B objects, as the graph takes it."""

    xy: Tensor  # (B, N, 2)
    labels: Tensor  # (B, N)
    mask_logits: Tensor | None = None  # (B, 1, S/4, S/4)


class OnnxNetwork:
    """A :class:`napari_sam2.engine.network.Network` over the graphs of a folder.

    Everything that the network computes is computed by ONNX Runtime; PyTorch holds the
    arrays between the graphs, in the processor's memory.

    Parameters
    ----------
    manifest : Manifest
    graphs : mapping of str to Graph
        By part.
    """

    device = torch.device("cpu")
    is_half = False  # of what PyTorch does around the graphs

    def __init__(self, manifest: Manifest, graphs: Mapping[str, Graph]) -> None:
        self.config: Sam2Config = manifest.config
        may_round = any(graph.provider in MAY_ROUND for graph in graphs.values())
        self.precision: Precision | None = None if may_round else manifest.computed_in
        # Other files may be written of the same weights, by another PyTorch.
        self.weights_digest = f"{manifest.weights_sha256} {manifest.precision}"
        self._graphs = graphs
        self._no_memory = torch.tensor(manifest.no_memory_embedding)[:, None, None]
        self._no_object = torch.tensor(manifest.no_object_pointer)

    def encode_image(self, images: Tensor) -> ImageFeatures:
        """Encode normalised images, (V, 3, S, S)."""
        return ImageFeatures(*self._graphs[IMAGE_ENCODER](images=images))

    def without_memory(self, features: ImageFeatures) -> Tensor:
        """Return the features that a first prompt is decoded on, (V, C, h, w)."""
        return features.coarse + self._no_memory

    def recall(
        self, spatial: Tensor, slots: list[int], pointers: Tensor, ages: Tensor
    ) -> RawMemories:
        """Put together what B objects remember, for :meth:`attend_memory`."""
        grids = spatial.float().unflatten(1, (len(slots), -1))
        return RawMemories(grids, torch.tensor(slots), pointers.float(), ages)

    def attend_memory(self, features: ImageFeatures, memory: RawMemories) -> Tensor:
        """Return the features of one frame as B objects see them, (B, C, h, w)."""
        [conditioned] = self._graphs[MEMORY_ATTENTION](
            coarse=features.coarse,
            view=_views(features, len(memory.spatial)),
            memories=memory.spatial,
            slots=memory.slots,
            pointers=memory.pointers,
            ages=memory.ages,
        )
        return conditioned

    def embed_prompts(
        self, xy: Tensor, labels: Tensor, mask_logits: Tensor | None = None
    ) -> RawPrompts:
        """Take prompts of B objects, for :meth:`decode`."""
        return RawPrompts(xy, labels, mask_logits)

    def embed_no_prompts(self, batch: int) -> RawPrompts:
        """Say nothing about B objects."""
        return RawPrompts(torch.zeros(batch, 1, 2), torch.full((batch, 1), NOT_A_POINT))

    def decode(
        self,
        coarse: Tensor,
        features: ImageFeatures,
        prompts: RawPrompts,
        *,
        ambiguous: bool,
    ) -> ObjectState:
        """Decode B objects and take one mask of each."""
        batch, size = len(prompts.xy), self.config.mask_size
        mask = prompts.mask_logits
        has_mask = torch.tensor(mask is not None).expand(batch)
        return ObjectState(
            *self._graphs[MASK_DECODER](
                conditioned=coarse.expand(batch, -1, -1, -1),
                middle=features.middle,
                fine=features.fine,
                view=_views(features, batch),
                points=prompts.xy,
                labels=prompts.labels,
                mask_logits=torch.zeros(batch, 1, size, size) if mask is None else mask,
                has_mask=has_mask,
                ambiguous=torch.tensor(ambiguous).expand(batch),
            )
        )

    def adopt_masks(self, features: ImageFeatures, masks: Tensor) -> ObjectState:
        """Take given masks, (B, 1, S, S) of 0 and 1, as the answer."""
        logits, mask_logits = self._graphs[MASK_PROMPT](masks=masks)
        prompts = self.embed_no_prompts(len(masks))._replace(mask_logits=mask_logits)
        state = self.decode(features.coarse, features, prompts, ambiguous=False)
        present = masks.flatten(1).any(dim=1, keepdim=True)  # (B, 1)
        return ObjectState(
            logits=logits,
            ious=torch.ones_like(state.ious),
            pointers=torch.where(present, state.pointers, self._no_object),
            object_logits=present * MASK_SCALE + MASK_BIAS,
        )

    def encode_memory(
        self,
        features: ImageFeatures,
        logits: Tensor,
        object_logits: Tensor,
        *,
        is_prompted: bool,
    ) -> Tensor:
        """Make spatial memories of B objects on one frame, (B, memory_dim, h, w)."""
        [memory] = self._graphs[MEMORY_ENCODER](
            coarse=features.coarse,
            view=_views(features, len(logits)),
            logits=logits,
            object_logits=object_logits,
            prompted=torch.tensor(is_prompted).expand(len(logits)),
        )
        grid = self.config.grid
        return memory.transpose(1, 2).unflatten(2, (grid, grid))


def _views(features: ImageFeatures, batch: int) -> Tensor:
    """Return which row of the features each object is seen in."""
    count = len(features.coarse)
    return torch.zeros(batch, dtype=torch.int64) if count == 1 else torch.arange(count)
