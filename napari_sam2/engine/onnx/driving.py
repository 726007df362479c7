"""How graphs are driven, in words: the second half of an exported README.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.engine.objects.prompting import GIVEN_THRESHOLD, LOGIT_LIMIT
from napari_sam2.engine.options import TrackerOptions

if TYPE_CHECKING:
    from napari_sam2.model.config import Sam2Config

MOST_PROMPTED = 1 + (TrackerOptions().nearest_prompts or 0)
"""How many prompted frames are looked back at."""


def driving(config: Sam2Config) -> tuple[str, ...]:
    """Return sections in Markdown: prompts, memory, and the course of a run."""
    return (
        _prompts(config),
        _given_masks(config),
        _remembering(),
        _looking_back(config),
        _runs(),
        _corrections(config),
        _masks(),
    )


def _prompts(config: Sam2Config) -> str:
    return f"""
## Clicks and boxes

On a frame that was not tracked before, be it the first or a later one:

1. `image_encoder`.
2. `conditioned` = `coarse` + the constant `no_memory_embedding`, by channel, once for
   each object: nothing is looked back at.
3. `mask_decoder` with everything that is said about each object on the frame. A box is
   its first corner (label 2) and its last one (label 3), before any points. `ambiguous`
   is true where all that is said is a single point, and false otherwise. Objects of
   which less is said are filled up with points (0, 0) of label -1, which change nothing
   and do not count. Where there is no earlier mask, `mask_logits` are zeros and
   `has_mask` is false.
4. `memory_encoder`, see below.

The object is there where `object_logits` are above 0; else all its `logits` are the
constant `absent_logit`.

{_refining(config)}"""


def _refining(config: Sam2Config) -> str:
    if not config.refines_masks:
        return """
This model has not learned to refine an earlier mask (`refines_masks` is false): give
all that is said so far, and leave `has_mask` false.""".strip()
    return f"""
Where points come to what was said about the object on the same frame, say everything
again, and refine: `mask_logits` are the `logits` of the answer so far, limited to
±{LOGIT_LIMIT:g} (`largest_refined_logit`), and `has_mask` is true. Only if the box and
the earlier points are still the same: after a point was moved or taken back, or a box
came, `has_mask` is false. (`refines_masks` says whether a model has learned this.)
""".strip()


def _given_masks(config: Sam2Config) -> str:
    size = config.image_size
    return f"""
## Masks instead of points

A mask takes the place of all points and the box on its frame, and they of it. It comes
to {size} × {size} as pictures do, as numbers from 0 to 1, with anti-aliasing. What then
is at least {GIVEN_THRESHOLD:g} (`given_mask_threshold`) is 1, all else 0; if nothing of
a mask is left by that, what is largest is 1.

`mask_prompt` gives `logits`, which are the answer, from -10 to 10
(`given_mask_logits`), and `mask_logits`. Then `mask_decoder` with `conditioned` =
`coarse` (nothing added), a single point (0, 0) with label -1, these `mask_logits` as
they are, `has_mask` true and `ambiguous` false, whatever `refines_masks` says; of its
answer, only `pointers` are taken. `object_logits` are 10, or -10 if the mask is empty;
its pointer then is the constant `no_object_pointer`. This is so on tracked frames,
too: nothing is looked back at."""


def _remembering() -> str:
    return """
## What is remembered

After every frame, `memory_encoder` with the frame's `coarse`, and `logits` and
`object_logits` as they came from the decoder, or as given masks have them. `prompted`
is true where a user said something about the object on that frame.

Keep by object and frame: `memory`, `pointers`, and `logits` for corrections; whether
it was prompted; and in which direction it was tracked. napari-sam2 keeps `memory`
rounded to bfloat16 (to the nearest, between two to the even one). A prompted frame has
the one memory of its last answer, and none of tracking any more."""


def _looking_back(config: Sam2Config) -> str:
    count, last = config.memory_count, config.memory_count - 1
    most, span = config.pointer_count, config.pointer_time_span
    dividing = f"divided by {span} (`pointer_time_span`)"
    if span is None:
        dividing = (
            f"divided by min({most}, frames in all) - 1, but at least by 1\n"
            "(`pointer_time_span` is null)"
        )
    return f"""
## Looking back

On frame t, each object looks back at

- frames on which it was prompted, in slot 0, in the order in which they were first
  prompted: all of them, before and after t, but never t itself. If there are more than
  {MOST_PROMPTED} (`most_prompted_frames`), only these: the earliest in time, the last
  one before t, the first one after t, and then the nearest to t (of two that are as
  near, the one that was prompted first) until there are {MOST_PROMPTED};
- then the frames from t - {last} to t - 1 that are remembered and not among these, in
  slots 1 to {last}: frame t - k is in slot {count} - k, where {count} is
  `memory_count`. They may have been tracked in any direction, or be prompted ones that
  were left out above.

`memories` and `slots` follow this order. Pointers are those of

- the same prompted frames, as far as they are not after t;
- then the frames t - 1, t - 2, … back to t - min({most}, frames in all) + 1 that are
  remembered and not among these; {most} is `pointer_count`.

`ages` are the distances to t in frames, {dividing}.
Backward in time everything is mirrored: t + k takes the place of t - k, and "not after
t" becomes "not before t". Objects that agree in slots and ages can be computed
together."""


def _runs() -> str:
    return """
## A run, both ways

1. Forget all that was tracked, on all frames; what is prompted stays. A run that is
   made again after a correction would otherwise look back at masks of the run before.
2. Forward from the earliest prompted frame to the last frame of all, and then backward
   from the frame before the earliest prompted one to the first of all. Later prompted
   frames are remembered before this begins, for earlier ones look back at them.
3. On each frame:
   - where the object is prompted, nothing is computed: the answer stands;
   - else `image_encoder`, once for all objects; `memory_attention`; `mask_decoder` with
     its `conditioned`, a single point (0, 0) with label -1, no mask, and `ambiguous`
     true; and `memory_encoder`, with `prompted` false.

Forward alone, a run begins at the earliest prompted frame; backward alone, at the
latest, and goes down to the first frame of all. Either forgets only what was tracked on
frames that it comes to. Objects know nothing of each other; each begins at its own
prompts."""


def _corrections(config: Sam2Config) -> str:
    refining = """
- `has_mask` is false, as this model refines no masks."""
    if config.refines_masks:
        refining = f"""
- it starts from the tracked mask: `mask_logits` are the `logits` of tracking, limited
  to ±{LOGIT_LIMIT:g}, and `has_mask` is true. Points that come to it later refine the
  answer so far; and after points were moved or taken back, or a box came, it starts
  from the tracked mask again. (Of frames that were tracked long ago napari-sam2 keeps
  only the mask that it shows, and starts from 10 inside it and -10 outside.)"""
    return f"""
## Corrections

Points or a box on a frame that was tracked correct what was found there:

- `conditioned` is what `memory_attention` says of that frame, looking back as if it
  were tracked once more, in the direction in which it was tracked; where there is
  nothing to look back at, `coarse` + `no_memory_embedding`;{refining}

So it is for all that is said on that frame from then on. It counts as a prompted one
and no longer as a tracked one, and a new run computes all frames that are not prompted,
also those before it: they look back at the correction."""


def _masks() -> str:
    options = TrackerOptions()
    return f"""
## From logits to masks

What is remembered are `logits` as they are. Of what it shows, napari-sam2 besides

- gives each pixel to the object with the highest of the resized logits there (the first
  of two that are equal), and to given masks before all others; they stay as they were
  given, to the pixel;
- removes parts, connected by sides or corners, of fewer than {options.island_area:g}
  cells (`island_cells`), but not an object's largest;
- fills holes, connected by sides, of at most {options.hole_area:g} cells
  (`hole_cells`), less what another object has in them.

A cell is one of those of `logits`, in as many pixels as the picture has for each of
them. Masks that differ from those of napari-sam2 in this alone are right."""
