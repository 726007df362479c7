"""What goes into the parts of an exported model and what comes out, in one table.

The exporter, the checks, the manifest and the description of a folder all read it.
Nothing here needs torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from napari_sam2.model.config import Sam2Config

Shape: TypeAlias = tuple[str | int, ...]

OPSET = 20
"""Version of ONNX's operators; ONNX Runtime knows it since 1.17."""

DIMENSIONS = {
    "V": "views of the frame: 1, or one for each object",
    "B": "objects",
    "N": "points and box corners of each object",
    "M": "spatial memories that each object looks back at",
    "P": "object pointers that each object looks back at; may be 0",
}
"""The sizes that may differ from call to call."""

FEWEST = {"V": 1, "B": 1, "N": 1, "M": 1, "P": 0}


@dataclass(frozen=True, slots=True)
class Port:
    """One tensor that goes into a part, or comes out of it.

    Attributes
    ----------
    name : str
    dtype : str
        ``"float32"``, ``"int64"`` or ``"bool"``.
    shape : tuple of str and int
        Names of :data:`DIMENSIONS` where the size may differ.
    meaning : str
    """

    name: str
    dtype: str
    shape: Shape
    meaning: str


@dataclass(frozen=True, slots=True)
class Part:
    """One ONNX graph.

    Attributes
    ----------
    name : str
    purpose : str
    inputs, outputs : tuple of Port
    """

    name: str
    purpose: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    @property
    def file_name(self) -> str:
        """Name of its file."""
        return f"{self.name}.onnx"


IMAGE_ENCODER = "image_encoder"
MASK_DECODER = "mask_decoder"
MEMORY_ATTENTION = "memory_attention"
MEMORY_ENCODER = "memory_encoder"
MASK_PROMPT = "mask_prompt"

_VIEW = Port("view", "int64", ("B",), "which of the V views each object is seen in")


def parts_of(config: Sam2Config) -> tuple[Part, ...]:
    """Return the parts of a model, in the order in which a frame meets them."""
    return (
        _image_encoder(config),
        _memory_attention(config),
        _mask_decoder(config),
        _memory_encoder(config),
        _mask_prompt(config),
    )


def _image_encoder(config: Sam2Config) -> Part:
    size = config.image_size
    image = "frames, squashed to a square and normalised"
    return Part(
        IMAGE_ENCODER,
        "once per frame (or view of it), whatever the objects",
        (Port("images", "float32", ("V", 3, size, size), image),),
        (_coarse(config), *_detail(config)),
    )


def _memory_attention(config: Sam2Config) -> Part:
    tokens, width = config.grid**2, config.memory_dim
    return Part(
        MEMORY_ATTENTION,
        "once per frame for objects that look back at the same slots and ages",
        (
            _coarse(config),
            _VIEW,
            Port(
                "memories",
                "float32",
                ("B", "M", tokens, width),
                "from memory_encoder, one after the other",
            ),
            Port("slots", "int64", ("M",), "the place of each memory in time"),
            Port(
                "pointers",
                "float32",
                ("B", "P", config.hidden_dim),
                "from mask_decoder, one after the other",
            ),
            Port("ages", "float32", ("P",), "frames since each pointer, over the span"),
        ),
        (_conditioned(config),),
    )


def _mask_decoder(config: Sam2Config) -> Part:
    grid = (config.mask_size, config.mask_size)
    return Part(
        MASK_DECODER,
        "prompts to masks; once per frame, also where there are no prompts",
        (
            _conditioned(config),
            *_detail(config),
            _VIEW,
            Port("points", "float32", ("B", "N", 2), "(x, y) in pixels of the square"),
            Port(
                "labels",
                "int64",
                ("B", "N"),
                "1 on the object, 0 beside it, 2 and 3 corners of a box, -1 nothing",
            ),
            Port(
                "mask_logits", "float32", ("B", 1, *grid), "an earlier mask to refine"
            ),
            Port("has_mask", "bool", ("B",), "whether mask_logits count"),
            Port(
                "ambiguous", "bool", ("B",), "whether to take the best of three masks"
            ),
        ),
        (
            Port("logits", "float32", ("B", 1, *grid), "the mask, where above 0"),
            Port("ious", "float32", ("B",), "the model's estimate of the mask's IoU"),
            Port("pointers", "float32", ("B", config.hidden_dim), "to be remembered"),
            Port("object_logits", "float32", ("B", 1), "above 0 where there is one"),
        ),
    )


def _memory_encoder(config: Sam2Config) -> Part:
    grid = (config.mask_size, config.mask_size)
    memory = ("B", config.grid**2, config.memory_dim)
    return Part(
        MEMORY_ENCODER,
        "masks to memories; once per frame",
        (
            _coarse(config),
            _VIEW,
            Port("logits", "float32", ("B", 1, *grid), "from mask_decoder"),
            Port("object_logits", "float32", ("B", 1), "from mask_decoder"),
            Port("prompted", "bool", ("B",), "whether a user answered for the mask"),
        ),
        (Port("memory", "float32", memory, "to be remembered"),),
    )


def _mask_prompt(config: Sam2Config) -> Part:
    size, grid = config.image_size, (config.mask_size, config.mask_size)
    return Part(
        MASK_PROMPT,
        "masks that a user gives, in place of points",
        (Port("masks", "float32", ("B", 1, size, size), "0 or 1"),),
        (
            Port("logits", "float32", ("B", 1, *grid), "the answer, to be remembered"),
            Port("mask_logits", "float32", ("B", 1, *grid), "for mask_decoder"),
        ),
    )


def _coarse(config: Sam2Config) -> Port:
    shape = ("V", config.hidden_dim, config.grid, config.grid)
    return Port("coarse", "float32", shape, "features of the frame alone")


def _detail(config: Sam2Config) -> tuple[Port, Port]:
    dim, grid = config.hidden_dim, config.grid
    return (
        Port(
            "middle", "float32", ("V", dim // 4, 2 * grid, 2 * grid), "finer features"
        ),
        Port("fine", "float32", ("V", dim // 8, 4 * grid, 4 * grid), "the finest"),
    )


def _conditioned(config: Sam2Config) -> Port:
    shape = ("B", config.hidden_dim, config.grid, config.grid)
    return Port("conditioned", "float32", shape, "features as each object sees them")
