"""Shapes of the SAM 2 family: one frozen config and one table of released variants."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping

PATCH_STRIDE = 4
FEATURE_STRIDE = 16


@dataclass(frozen=True, slots=True)
class Sam2Config:
    """Everything that the weights alone do not say, and every width.

    Attributes
    ----------
    name : str
        Variant, such as ``sam2.1-tiny``.
    version : str
        ``"2.0"`` or ``"2.1"``. 2.1 marks absent objects in the spatial memory and
        tells pointers how old they are.
    image_size : int
        Side of the square that frames are squashed to, in pixels; a multiple of 32.
    embed_dim, num_heads : int
        Width and attention heads of the trunk's first stage; both double per stage.
    stages : tuple of int
        Blocks per stage of the trunk.
    windows : tuple of int
        Side of the attention windows per stage, in tokens.
    global_blocks : tuple of int
        Blocks that attend to the whole grid.
    pos_embed_size : int
        Side of the trunk's learned position grid before it is resized.
    hidden_dim : int
        Width of the neck, the decoder and the memory attention.
    memory_dim : int
        Width of one spatial memory token.
    memory_count : int
        Spatial memories attended to: prompted frames share one time code, and the
        others are the last ``memory_count - 1`` frames.
    pointer_count : int
        Most object pointers attended to.
    pointer_time_span : int or None
        Frame distance that pointer times are divided by. None is the released models'
        rule, ``min(frames in the stack, pointer_count) - 1``.
    memory_layers, memory_ffn : int
        Depth and feed-forward width of the memory attention.
    decoder_heads, decoder_ffn, iou_hidden : int
        Heads and feed-forward width of the mask decoder, and the width of its IoU head.
    refines_masks : bool
        Whether the decoder has learned to refine an earlier mask. One that has not
        answers every prompt afresh, from all points on the frame.
    """

    name: str
    version: str = "2.1"
    image_size: int = 1024
    embed_dim: int = 96
    num_heads: int = 1
    stages: tuple[int, ...] = (1, 2, 7, 2)
    windows: tuple[int, ...] = (8, 4, 14, 7)
    global_blocks: tuple[int, ...] = (5, 7, 9)
    pos_embed_size: int = 7
    hidden_dim: int = 256
    memory_dim: int = 64
    memory_count: int = 7
    pointer_count: int = 16
    pointer_time_span: int | None = None
    memory_layers: int = 4
    memory_ffn: int = 2048
    decoder_heads: int = 8
    decoder_ffn: int = 2048
    iou_hidden: int = 256
    refines_masks: bool = True

    def __post_init__(self) -> None:
        """Check what the modules rely on."""
        if self.version not in ("2.0", "2.1"):
            raise ValueError(f"version is '2.0' or '2.1', not {self.version!r}")
        _check_types(self)
        if self.image_size < 32 or self.image_size % 32:
            raise ValueError(
                f"image_size must be a multiple of 32, not {self.image_size}"
            )
        _check_trunk(self)
        _check_widths(self)

    @property
    def grid(self) -> int:
        """Side of the stride-16 feature grid, in tokens."""
        return self.image_size // FEATURE_STRIDE

    @property
    def mask_size(self) -> int:
        """Side of the decoder's mask logits, in pixels: a quarter of the image."""
        return self.image_size // 4

    @property
    def marks_absence(self) -> bool:
        """Whether spatial memories of absent objects are marked (SAM 2.1)."""
        return self.version == "2.1"

    @property
    def times_pointers(self) -> bool:
        """Whether pointers carry their age (SAM 2.1)."""
        return self.version == "2.1"

    @property
    def stage_dims(self) -> tuple[int, ...]:
        """Width of each trunk stage."""
        return tuple(self.embed_dim * 2**i for i in range(len(self.stages)))

    def at_size(self, image_size: int) -> Sam2Config:
        """Return the same model for another image size; no weight depends on it."""
        return replace(self, image_size=image_size)

    def to_json(self) -> dict[str, Any]:
        """Return plain values, as stored beside bundled weights."""
        return asdict(self)


def _check_types(config: Sam2Config) -> None:
    for field in fields(config):
        value = getattr(config, field.name)
        if field.type == "bool":
            fits = isinstance(value, bool)
        elif field.type == "int":
            fits = isinstance(value, Integral)
        elif field.type == "tuple[int, ...]":
            fits = isinstance(value, tuple) and all(
                isinstance(number, Integral) for number in value
            )
        else:
            fits = value is None or isinstance(value, (str, Integral))
        if not fits:
            raise ValueError(f"{field.name} cannot be {value!r}")


def _check_trunk(config: Sam2Config) -> None:
    stages, windows = config.stages, config.windows
    if not len(stages) == len(windows) == 4 or min(*stages, *windows) < 1:
        raise ValueError("stages and windows are four numbers each, 1 or more")
    if any(window % 2 for window in windows[:-1]):
        raise ValueError("windows of stages that are pooled must be even")
    if config.image_size // PATCH_STRIDE % windows[0]:
        raise ValueError(
            f"windows of {windows[0]} do not fit an image_size of {config.image_size}"
        )


def _check_widths(config: Sam2Config) -> None:
    for name, value in asdict(config).items():
        is_count = isinstance(value, Integral) and not isinstance(value, bool)
        if is_count and int(value) < 1:
            raise ValueError(f"{name} must be 1 or more, not {value}")
    for name, divisor, why in (
        ("embed_dim", config.num_heads, "num_heads"),
        ("hidden_dim", 2 * config.decoder_heads, "twice decoder_heads"),
        ("hidden_dim", config.memory_dim, "memory_dim"),
        ("hidden_dim", 8, "8"),
        ("memory_dim", 4, "4"),
    ):
        if getattr(config, name) % divisor:
            raise ValueError(f"{name} must be a multiple of {why}")


def config_from_json(values: Mapping[str, Any]) -> Sam2Config:
    """Make a config from :meth:`Sam2Config.to_json`'s values.

    Raises
    ------
    CheckpointError
        If a field is unknown or has an unusable value.
    """
    known = {field.name for field in fields(Sam2Config)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise CheckpointError(
            f"The model description has the unknown field {unknown[0]!r}: it was made "
            "by a newer version of napari-sam2."
        )
    plain: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
    }
    try:
        return Sam2Config(**plain)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"The model description is unusable: {error}.") from error


_TRUNKS: dict[str, dict[str, Any]] = {
    "tiny": {"stages": (1, 2, 7, 2), "global_blocks": (5, 7, 9)},
    "small": {"stages": (1, 2, 11, 2), "global_blocks": (7, 10, 13)},
    "base-plus": {
        "embed_dim": 112,
        "num_heads": 2,
        "stages": (2, 3, 16, 3),
        "global_blocks": (12, 16, 20),
        "pos_embed_size": 14,
    },
    "large": {
        "embed_dim": 144,
        "num_heads": 2,
        "stages": (2, 6, 36, 4),
        "global_blocks": (23, 33, 43),
        "windows": (8, 4, 16, 8),
    },
}

VARIANTS: dict[str, Sam2Config] = {
    config.name: config
    for prefix, version in (("sam2.1", "2.1"), ("sam2", "2.0"))
    for size, trunk in _TRUNKS.items()
    for config in [Sam2Config(name=f"{prefix}-{size}", version=version, **trunk)]
}
"""The eight released models by name: ``sam2.1-tiny`` … ``sam2-large``."""
