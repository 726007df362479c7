"""A page to look at: how good every stack is, object by object, and the worst frames.

The page is one file of HTML without scripts; its pictures are inside.
"""

from __future__ import annotations

import math
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from napari_sam2.evaluation import table
from napari_sam2.evaluation.markup import card, html_table
from napari_sam2.evaluation.report_stack import anchor, stack_card

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.evaluation.report_stack import Section
    from napari_sam2.evaluation.study import StackScore

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p class="about">{about}</p>
{notes}{body}
</main>
</body>
</html>
"""


def as_html(
    title: str, about: str, sections: Sequence[Section], notes: Sequence[str] = ()
) -> str:
    """Return the whole page.

    Parameters
    ----------
    title, about : str
        What was measured, and with what, in plain text.
    sections : sequence of Section
        The stacks, at least one.
    notes : sequence of str, optional
        Sentences about what is missing.
    """
    stacks = [section.stack for section in sections]
    style = files("napari_sam2.evaluation").joinpath("report.css").read_text("utf-8")
    body = [*_overview(stacks), *map(stack_card, sections)]
    return _PAGE.format(
        title=escape(title),
        about=escape(about),
        style=style,
        notes="".join(f'<p class="missing">{escape(note)}</p>\n' for note in notes),
        body="\n".join(body),
    )


def _overview(stacks: Sequence[StackScore]) -> list[str]:
    """Return the bars of all stacks, and the tables."""
    cards = [card(_bars(stacks, method)) for method in table.protocols(stacks)]
    for rows, explained in table.tables(stacks):
        note = f'<p class="note">{escape(explained)}</p>'
        cards.append(card(html_table(rows, _links(stacks)) + note))
    return cards


def _links(stacks: Sequence[StackScore]) -> dict[str, str]:
    """Return where the names of stacks lead to."""
    return {stack.name: f"#{anchor(stack)}" for stack in stacks}


def _bars(stacks: Sequence[StackScore], method: str) -> str:
    """Draw J of every stack as a bar, with marks for the baselines."""
    bars = "\n".join(_bar(stack, method) for stack in stacks)
    legend = '<i style="background:var(--accent)"></i>J of the model'
    if table.baselines(stacks):
        legend += (
            '<i style="background:var(--ink);width:4px"></i>copy of the first mask'
            '<i style="background:var(--quiet);width:4px"></i>threshold and overlap'
        )
    return (
        f"<h3>Prompt: {escape(method)}</h3>\n"
        f'<div class="bars">\n{bars}\n</div>\n'
        f'<p class="legend">{legend}</p>'
    )


def _bar(stack: StackScore, method: str) -> str:
    j = stack.of(method).mean("j")
    marks = "".join(
        f'<b class="{name}" style="left:{_percent(stack.of(name).mean("j"))}"></b>'
        for name in table.baselines([stack])
    )
    return (
        f'<a class="name" href="#{anchor(stack)}">{escape(stack.name)}</a>'
        f'<div class="bar"><i style="width:{_percent(j)}"></i>{marks}'
        f"<em>{table.number(j)}</em></div>"
    )


def _percent(share: float) -> str:
    return "0" if math.isnan(share) else f"{100 * share:.1f}%"
