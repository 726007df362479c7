"""One stack on the page: J by object and frame, the worst frames, all objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from napari_sam2.evaluation.markup import card, html_table, picture_source
from napari_sam2.evaluation.strips import START_COLOUR, colour_of, draw_strip
from napari_sam2.evaluation.table import number, protocols

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_sam2.evaluation.gallery import Exhibit, Tile
    from napari_sam2.evaluation.scores import MethodScore
    from napari_sam2.evaluation.study import StackScore

_ROW_HEIGHT, _LEAST_HEIGHT, _MOST_HEIGHT = 14, 20, 320


@dataclass(frozen=True, slots=True)
class Section:
    """What the page shows of one stack.

    Attributes
    ----------
    stack : StackScore
    worst : mapping of str to sequence of Exhibit
        By method, pictures of where it is worst.
    """

    stack: StackScore
    worst: Mapping[str, Sequence[Exhibit]] = field(default_factory=dict)


def anchor(stack: StackScore) -> str:
    """Return the name of a stack's place on the page."""
    return "stack-" + "".join(c if c.isalnum() else "-" for c in stack.name)


def stack_card(section: Section) -> str:
    """Return the part of the page that shows one stack."""
    stack = section.stack
    frames, count = stack.todo.frames, len(stack.todo.ids)
    objects = f"{count} of {stack.todo.offered} objects"
    about = f"{stack.kind}, {objects}, frames {frames[0]} to {frames[-1]}"
    head = f'<div class="head"><h2>{escape(stack.name)}</h2><span>{about}</span></div>'
    parts = [
        _method(stack, method, section.worst.get(method, ()))
        for method in protocols([stack])
    ]
    return card("\n".join([head, *parts]), anchor(stack))


def _method(stack: StackScore, method: str, worst: Sequence[Exhibit]) -> str:
    score = stack.of(method)
    parts = [f"<h3>Prompt: {escape(method)}</h3>", _strip(score, stack), _LEGEND]
    if worst:
        figures = "\n".join(map(_pair, worst))
        parts.append(
            "<h3>The worst frames, each beside the first frame of its object</h3>\n"
            f'<div class="gallery">\n{figures}\n</div>\n{_OUTLINES}'
        )
    table = html_table(_object_rows(score, stack), {})
    parts.append(f"<details><summary>All objects</summary>\n{table}\n</details>")
    return "\n".join(parts)


def _strip(score: MethodScore, stack: StackScore) -> str:
    """Return J by object and frame, with the numbers of the frames below."""
    source = picture_source(draw_strip(score, stack.todo), exact=True)
    height = max(_LEAST_HEIGHT, min(_MOST_HEIGHT, _ROW_HEIGHT * len(score.objects)))
    frames = stack.todo.frames
    return (
        f'<img class="strip" style="height:{height}px" src="{source}" '
        f'alt="J of every object on every frame">\n'
        f'<div class="axis"><span>frame {frames[0]}</span>'
        f"<span>a row per object, the worst on top</span>"
        f"<span>frame {frames[-1]}</span></div>"
    )


def _scale() -> str:
    stops = ", ".join(f"rgb{colour_of(k / 4)}" for k in range(5))
    return f'<i class="scale" style="background:linear-gradient(90deg, {stops})"></i>'


_LEGEND = (
    f'<p class="legend">{_scale()}J from 0 to 1'
    f'<i style="background:rgb{START_COLOUR}"></i>prompted first'
    '<i class="hatched"></i>not followed yet, or not known</p>'
)
_OUTLINES = (
    '<p class="legend"><span class="true">true outline</span>, '
    '<span class="found">found outline</span></p>'
)


def _pair(exhibit: Exhibit) -> str:
    """Return two pictures of an object: where it starts, and where it is worst."""
    start, worst = exhibit.start.score, exhibit.worst.score
    first = f"object {start.object_id}, frame {start.frame}"
    left = _figure(exhibit.start, f"<span>{first}: J {number(start.j, 2)}</span>")
    right = _figure(
        exhibit.worst, f"frame {worst.frame}: <b>J {number(worst.j, 2)}</b>"
    )
    return f'<div class="pair">{left}{right}</div>'


def _figure(tile: Tile, caption: str) -> str:
    what = f"object {tile.score.object_id} on frame {tile.score.frame}"
    image = f'<img src="{picture_source(tile.picture)}" alt="{what}">'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def _object_rows(score: MethodScore, stack: StackScore) -> list[list[str]]:
    """Return a row of measures per object, the worst first."""
    extras = list(dict.fromkeys(name for one in score.objects for name in one.extra))
    rows = [["object", "from frame", "frames", "start J", "J", "F", "J present",
             "presence", *extras]]  # fmt: skip
    for one in sorted(score.objects, key=lambda one: (one.j, one.object_id)):
        measures = (one.start_j, one.j, one.f, one.j_present, one.presence)
        rows.append(
            [
                str(one.object_id),
                str(stack.todo.starts[one.object_id]),
                str(len(one.counted)),
                *map(number, measures),
                *(number(one.extra[name]) for name in extras),
            ]
        )
    return rows
