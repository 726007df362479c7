"""What the engine needs of a network, whoever computes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable
from weakref import WeakKeyDictionary

from napari_sam2.core.errors import ModelError
from napari_sam2.core.given import check_given

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from napari_sam2.core.quality import Precision
    from napari_sam2.model.config import Sam2Config
    from napari_sam2.model.image_encoder import ImageFeatures
    from napari_sam2.model.object_state import ObjectState

Recalled: TypeAlias = Any
"""What :meth:`Network.recall` returns; only the same network knows what it is."""

Prompted: TypeAlias = Any
"""What :meth:`Network.embed_prompts` returns; likewise."""


@runtime_checkable
class Network(Protocol):
    """The functions of :class:`napari_sam2.model.sam2.Sam2Model`, which say more."""

    @property
    def config(self) -> Sam2Config:
        """Its sizes."""

    @property
    def device(self) -> torch.device:
        """Where the tensors are that it takes and returns."""

    @property
    def is_half(self) -> bool:
        """Whether PyTorch is to round to bfloat16 what it multiplies for it."""

    @property
    def precision(self) -> Precision | None:
        """What it multiplies in, whoever computes it; None where that is not known."""

    @property
    def weights_digest(self) -> str:
        """What tells its weights, and who computes with them, from others."""

    def encode_image(self, images: Tensor) -> ImageFeatures:
        """Encode normalised images, (B, 3, S, S)."""

    def without_memory(self, features: ImageFeatures) -> Tensor:
        """Return the features that a first prompt is decoded on."""

    def recall(
        self, spatial: Tensor, slots: list[int], pointers: Tensor, ages: Tensor
    ) -> Recalled:
        """Put together what objects remember, for :meth:`attend_memory`."""

    def attend_memory(self, features: ImageFeatures, memory: Recalled) -> Tensor:
        """Return the features of one frame as B objects see them, (B, C, h, w)."""

    def embed_prompts(
        self, xy: Tensor, labels: Tensor, mask_logits: Tensor | None = None
    ) -> Prompted:
        """Encode prompts, for :meth:`decode`."""

    def embed_no_prompts(self, batch: int) -> Prompted:
        """Encode the absence of prompts."""

    def decode(
        self,
        coarse: Tensor,
        features: ImageFeatures,
        prompts: Prompted,
        *,
        ambiguous: bool,
    ) -> ObjectState:
        """Decode B objects and take one mask of each."""

    def adopt_masks(self, features: ImageFeatures, masks: Tensor) -> ObjectState:
        """Take given masks, (B, 1, S, S), as the answer."""

    def encode_memory(
        self,
        features: ImageFeatures,
        logits: Tensor,
        object_logits: Tensor,
        *,
        is_prompted: bool,
    ) -> Tensor:
        """Make spatial memories of B objects on one frame."""


def given_network(model: Network) -> Network:
    """Return a model as it was given.

    Raises
    ------
    ModelError
        If it is none that was loaded.
    """
    advice = "give what load_model('nano') returns"
    check_given(model, Network, "loaded model", advice, ModelError)
    return model


# Weights of a model that is in use stay, and a large one takes a second.
_DIGESTS: WeakKeyDictionary[Network, str] = WeakKeyDictionary()


def known_digest(model: Network) -> str:
    """Return what tells a model's weights from others, which is found out once."""
    digest = _DIGESTS.get(model)
    if digest is None:
        digest = _DIGESTS[model] = model.weights_digest
    return digest
