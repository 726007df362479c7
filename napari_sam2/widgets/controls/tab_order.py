"""Parts that come later are reached with Tab where they are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtpy.QtWidgets import QVBoxLayout


def put_below(above: QWidget, part: QWidget, layout: QVBoxLayout) -> None:
    """Put a part below one that is in the layout already, and next in order for Tab.

    Qt has Tab reach last what was made last, wherever it is.
    """
    layout.insertWidget(layout.indexOf(above) + 1, part)
    *_, last = _tab_stops(above)
    for one in list(_tab_stops(part)):
        QWidget.setTabOrder(last, one)
        last = one


def _tab_stops(part: QWidget) -> Iterator[QWidget]:
    """Iterate over what Tab stops at inside a part, in its order."""
    one = part.nextInFocusChain()
    while one is not part:
        takes_tab = bool(one.focusPolicy() & Qt.FocusPolicy.TabFocus)
        if takes_tab and one.focusProxy() is None and part.isAncestorOf(one):
            yield one
        one = one.nextInFocusChain()
