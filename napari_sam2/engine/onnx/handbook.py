"""What an exported folder says about itself, for people: the text of its README.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari_sam2
from napari_sam2.engine.frames.preprocess import MEAN, STD
from napari_sam2.engine.objects.prompting import LOGIT_LIMIT
from napari_sam2.engine.onnx.interface import DIMENSIONS, parts_of
from napari_sam2.engine.weights.exported import MANIFEST

if TYPE_CHECKING:
    from napari_sam2.engine.onnx.interface import Part, Port
    from napari_sam2.engine.onnx.manifest import Manifest
    from napari_sam2.model.config import Sam2Config

_PRECISIONS = {
    "fp32": "All numbers are float32.",
    "fp16": "The graphs compute in float16; what goes in and out is float32.",
    "int8": "The image encoder multiplies 8-bit integers; everything else is float32.",
}


def handbook(manifest: Manifest) -> str:
    """Return the README of an exported model, in Markdown."""
    config = manifest.config
    sections = (
        _introduction(manifest),
        _parts(config),
        _pictures(config),
        _first_frame(config),
        _given_masks(),
        _remembering(),
        _next_frames(config),
        _directions(),
    )
    return "\n\n".join(section.strip() for section in sections) + "\n"


def _introduction(manifest: Manifest) -> str:
    config = manifest.config
    return f"""
# {config.name}, {config.image_size} px, as ONNX graphs

SAM {config.version} for videos and volumes in five graphs that any ONNX runtime with
opset {manifest.opset} can run, written by napari-sam2 {napari_sam2.__version__}.
{_PRECISIONS[manifest.precision]} {MANIFEST} says the same as this file to programs, and
holds the numbers that are called constants below. In napari-sam2, give this folder as
`--model`.

The graphs remember nothing. What is kept from frame to frame, and what of it is shown
to the next one, is up to whoever drives them; how it is meant is described below."""


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

`images`: intensities from 0 to 1 (grey three times over), resized bilinearly with
anti-aliasing to {size} × {size} without keeping the aspect ratio, less the mean
{list(MEAN)}, over the standard deviation {list(STD)}, by channel.

`points`: with (x, y) in pixels of the picture and pixel centres at integers,
((x + 0.5) · {size} / width, (y + 0.5) · {size} / height).

`logits` have {config.mask_size} × {config.mask_size} cells and cover the whole picture:
resize them bilinearly to its size; the mask is where they are above 0.

`view` is 0 for all objects that are seen in the one picture of their frame. If each
object has a picture of its own (a window around it), it counts 0, 1, 2, …"""


def _first_frame(config: Sam2Config) -> str:
    refining = f"""
To refine an earlier answer with more points, give all points there are, the earlier
`logits` limited to ±{LOGIT_LIMIT:g} as `mask_logits`, and `has_mask` true."""
    if not config.refines_masks:
        refining = """
This model has not learned to refine an earlier mask: give all points there are, and
leave `has_mask` false."""
    return f"""
## The first frame: clicks and boxes

1. `image_encoder`.
2. `conditioned` = `coarse` + the constant `no_memory_embedding`, by channel, once for
   each object.
3. `mask_decoder` with the points of each object; a box is its first corner (label 2)
   and its last one (label 3), before any points. `ambiguous` is true for a single point
   and false otherwise. Objects with fewer points are filled up with label -1. Where
   there is no earlier mask, `mask_logits` are zeros and `has_mask` is false.

The object is there where `object_logits` are above 0; else all its `logits` are -1024.
{refining}"""


def _given_masks() -> str:
    return """
## Masks instead of points

`mask_prompt` gives `logits`, which are the answer, and `mask_logits`. Then
`mask_decoder` with `conditioned` = `coarse` (nothing added), a single point (0, 0) with
label -1, these `mask_logits`, `has_mask` true and `ambiguous` false; of what it says,
only `pointers` are taken. `object_logits` are 10, or -10 if the mask is empty; its
pointer then is the constant `no_object_pointer`."""


def _remembering() -> str:
    return """
## What is remembered

After every frame, `memory_encoder` with the frame's `coarse`, and `logits` and
`object_logits` as they came from the decoder. `prompted` is true where a user said
something about the object on that frame. Keep by object and frame: `memory`,
`pointers`, and whether it was prompted. napari-sam2 keeps `memory` rounded to
bfloat16."""


def _next_frames(config: Sam2Config) -> str:
    count, last = config.memory_count, config.memory_count - 1
    most = config.pointer_count
    span = config.pointer_time_span
    dividing = f"divided by {span}"
    if span is None:
        dividing = f"divided by min({most}, frames in all) - 1, but at least by 1"
    return f"""
## The next frames

For frame t, each object looks back at

- every frame on which it was prompted (napari-sam2: the first, and the four nearest),
  in the order of the prompts, in slot 0;
- then the frames from t - {last} to t - 1 that are remembered and not among these, in
  slots 1 to {last}: frame t - k is in slot {count} - k.

`memories` and `slots` follow this order. Pointers are those of

- the same prompted frames, as far as they are not after t;
- then the frames t - 1, t - 2, … back to t - min({most}, frames in all) + 1 that are
  remembered and not among these.

`ages` are the distances to t in frames, {dividing}. Objects that agree in slots and
ages can be computed together.

1. `image_encoder`, once for all objects.
2. `memory_attention`.
3. `mask_decoder` with its `conditioned`, a single point (0, 0) with label -1, no mask,
   and `ambiguous` true.
4. `memory_encoder`, with `prompted` false."""


def _directions() -> str:
    return """
## Backward, and corrections

Backward in time everything is mirrored: t + k takes the place of t - k. A prompt on a
frame that was tracked before is decoded on what `memory_attention` says for that frame,
as in step 2, rather than on `coarse` + `no_memory_embedding`; the frame then counts as
prompted, and what lies after it is computed again."""
