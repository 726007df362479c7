"""What an exported folder says about itself, for people: the text of its README.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari_sam2
from napari_sam2.engine.frames.preprocess import MEAN, STD
from napari_sam2.engine.onnx.driving import driving
from napari_sam2.engine.onnx.interface import DIMENSIONS, parts_of
from napari_sam2.engine.onnx.precision import tolerance
from napari_sam2.engine.weights.exported import MANIFEST

if TYPE_CHECKING:
    from napari_sam2.engine.onnx.interface import Part, Port
    from napari_sam2.engine.onnx.manifest import Manifest
    from napari_sam2.model.config import Sam2Config

_PRECISIONS = {
    "fp32": "All numbers are float32.",
    "fp16": "The graphs compute in float16; what goes in and out is float32.",
    "int8": "The image encoder multiplies 8-bit integers; everything else is float32.\n"
    "Several pictures at once share a scale: they differ a little from single ones.",
}


def handbook(manifest: Manifest) -> str:
    """Return the README of an exported model, in Markdown."""
    config = manifest.config
    sections = (
        _introduction(manifest),
        _parts(config),
        _pictures(config),
        *driving(config),
    )
    return "\n\n".join(section.strip() for section in sections) + "\n"


def _introduction(manifest: Manifest) -> str:
    config = manifest.config
    return f"""
# {config.name}, {config.image_size} px, as ONNX graphs

SAM {config.version} for videos and volumes in five graphs that any ONNX runtime with
opset {manifest.opset} can run, written by napari-sam2 {napari_sam2.__version__}.
{_PRECISIONS[manifest.precision]} In napari-sam2, give this folder as `--model`.

{MANIFEST} holds, for programs, the tables of this file, the sizes of the model, and the
numbers that are called constants below; what is done with them stands here alone.
`difference_from_pytorch` is, for each part and random inputs, the largest difference
of any number from what PyTorch computes in float32, over the largest number there;
what is more than {_allowed(manifest)} is not exported.

The graphs remember nothing. What is kept from frame to frame, and what of it is shown
to the next one, is up to whoever drives them. How napari-sam2 does it is described
below, for whole frames (`--window off`) in the quality `exact`. By default it looks at
small objects in large frames through windows of its own choosing, and in other
qualities back at fewer of the last frames."""


def _allowed(manifest: Manifest) -> str:
    limits = {
        part.name: tolerance(part.name, manifest.precision)
        for part in parts_of(manifest.config)
    }
    most = max(limits.values())
    exact = [name for name, limit in limits.items() if limit < most]
    if not exact:
        return f"{most:g}"
    return f"{most:g} (image_encoder) or {limits[exact[0]]:g} (all others)"


def _parts(config: Sam2Config) -> str:
    sizes = "\n".join(f"- {name}: {meaning}" for name, meaning in DIMENSIONS.items())
    parts = "\n\n".join(_part(part) for part in parts_of(config))
    return f"""
## The parts

Letters are sizes that may differ from call to call:

{sizes}

{parts}"""


def _part(part: Part) -> str:
    rows = [_row("in", port) for port in part.inputs]
    rows += [_row("out", port) for port in part.outputs]
    return "\n".join(
        [
            f"### {part.file_name}",
            "",
            f"{part.purpose[:1].upper()}{part.purpose[1:]}.",
            "",
            "| | name | type | shape | |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )


def _row(way: str, port: Port) -> str:
    shape = ", ".join(map(str, port.shape))
    return f"| {way} | `{port.name}` | {port.dtype} | ({shape}) | {port.meaning} |"


def _pictures(config: Sam2Config) -> str:
    size = config.image_size
    return f"""
## Pictures and coordinates

`images`: red, green and blue from 0 to 1 (grey three times over), resized bilinearly
with anti-aliasing to {size} × {size} without keeping the aspect ratio, less the mean
{list(MEAN)} (`image_mean`), over the standard deviation {list(STD)} (`image_std`), by
channel. Black and white (`--limits`) are the same for all frames: (intensity - black) /
(white - black), limited to 0 and 1.

Resizing from m to n pixels, rows and columns apart: pixel i of n lies at
c = (i + 0.5) · m / n - 0.5, and is the mean of the pixels j of m, weighted by
max(0, 1 - |j - c| / r). Without anti-aliasing r is 1, with it max(1, m / n). c is
limited to 0 and m - 1. In PyTorch this is `interpolate` with `mode="bilinear"`,
`align_corners=False` and `antialias`.

`points`: with (x, y) in pixels of the picture and pixel centres at integers,
((x + 0.5) · {size} / width, (y + 0.5) · {size} / height).

`logits` have {config.mask_size} × {config.mask_size} cells and cover the whole picture:
resize them to its size, without anti-aliasing; the mask is where they are above 0
(`mask_threshold`).

`view` is 0 for all objects that are seen in the one picture of their frame. If each
object has a picture of its own (a window around it), it counts 0, 1, 2, …"""
