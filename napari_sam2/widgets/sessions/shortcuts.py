"""The keys: what they are, and binding them to the viewer and to our layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from napari_sam2.widgets.controls.links import Links


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One key.

    Attributes
    ----------
    action : str
        What it is bound to, see :func:`bind_shortcuts`.
    key : str
        As napari writes it.
    shown : str
        As users read it.
    purpose : str
    everywhere : bool
        Whether it is bound to our layers as well, because napari's layers have another
        use for it.
    """

    action: str
    key: str
    shown: str
    purpose: str
    everywhere: bool = False


SHORTCUTS = (
    Shortcut("undo", "Control-Z", "Ctrl-Z", "undo", everywhere=True),
    Shortcut("redo", "Control-Shift-Z", "Ctrl-Shift-Z", "redo", everywhere=True),
    Shortcut("new_object", "N", "N", "start another object"),
    Shortcut("choose_hovered", "U", "U", "choose the object under the mouse"),
    Shortcut("show_only", "Shift-U", "Shift-U", "show only that object, or all again"),
    Shortcut("first_prompt", "Home", "Home", "go to the object's first prompt"),
    Shortcut("switch_polarity", "Q", "Q", "next points: this object / not this object"),
    Shortcut("run", "G", "G", "propagate"),
    Shortcut("stop", "Escape", "Esc", "stop, and keep what is done"),
    Shortcut("next_doubtful", "J", "J", "go to the next doubtful frame"),
    Shortcut("accept", "K", "K", "accept this frame"),
    Shortcut("fix", "H", "H", "correct this frame"),
    Shortcut("mark_absent", "W", "W", "the object is not in this frame"),
    Shortcut("divide", "Shift-W", "Shift-W", "the object has divided here"),
    Shortcut("save", "Shift-S", "Shift-S", "save the project"),
)


def bind_shortcuts(
    viewer: Any,
    layers: Iterable[Any],
    actions: Mapping[str, Callable[[], object]],
    links: Links,
) -> tuple[Shortcut, ...]:
    """Bind every shortcut that has an action until the links are cut.

    Returns
    -------
    tuple of Shortcut
        Those that are bound. A key that somebody else has bound to the viewer is left
        to them.
    """
    layers = list(layers)
    bound = []
    for shortcut in SHORTCUTS:
        if shortcut.action not in actions:
            continue
        owners = (viewer, *(layers if shortcut.everywhere else ()))
        act = actions[shortcut.action]
        free = [_bind(owner, shortcut.key, act, links) for owner in owners]
        if any(free):
            bound.append(shortcut)
    return tuple(bound)


def bind_in_layers(
    layers: Iterable[Any],
    actions: Mapping[str, Callable[[], object]],
    links: Links,
) -> None:
    """Bind the shortcuts of ``actions`` to some layers until the links are cut."""
    for shortcut in SHORTCUTS:
        if shortcut.action in actions:
            for layer in layers:
                _bind(layer, shortcut.key, actions[shortcut.action], links)


def _bind(owner: Any, key: str, act: Callable[[], object], links: Links) -> bool:
    """Bind a key unless it is taken; return whether it was free."""

    def pressed(_: Any) -> None:
        act()

    try:
        owner.bind_key(key, pressed)
    except ValueError:  # taken
        return False
    links.at_end(lambda: owner.bind_key(key, None))
    return True
