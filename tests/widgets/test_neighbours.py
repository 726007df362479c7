"""What other plugins have put into the viewer works before, beside and after ours."""

from __future__ import annotations

import threading

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari.utils.key_bindings import KeymapHandler

from tests.layers.mouse import click
from tests.widgets.user import User


class Neighbour:
    """Another plugin: it listens to everything that a plugin may listen to."""

    def __init__(self, viewer, layer) -> None:
        self.heard: list[str] = []
        self.layer = layer
        self.viewer = viewer
        viewer.dims.events.point.connect(self.on_point)
        viewer.layers.events.inserted.connect(self.on_inserted)
        viewer.layers.selection.events.active.connect(self.on_active)
        layer.events.contrast_limits.connect(self.on_contrast)
        layer.events.name.connect(self.on_name)
        layer.mouse_drag_callbacks.append(self.on_layer_drag)
        layer.mouse_move_callbacks.append(self.on_layer_drag)
        viewer.mouse_drag_callbacks.append(self.on_viewer_drag)
        viewer.mouse_move_callbacks.append(self.on_viewer_drag)
        viewer.bind_key("Control-L", self.on_viewer_key)
        layer.bind_key("N", self.on_layer_key)

    def on_point(self, event) -> None:
        self.heard.append("point")

    def on_inserted(self, event) -> None:
        self.heard.append("inserted")

    def on_active(self, event) -> None:
        self.heard.append("active")

    def on_contrast(self, event) -> None:
        self.heard.append("contrast")

    def on_name(self, event) -> None:
        self.heard.append("name")

    def on_layer_drag(self, layer, event) -> None:
        self.heard.append("layer mouse")

    def on_viewer_drag(self, viewer, event) -> None:
        self.heard.append("viewer mouse")

    def on_viewer_key(self, viewer) -> None:
        self.heard.append("viewer key")

    def on_layer_key(self, layer) -> None:
        self.heard.append("layer key")

    def hears(self) -> list[str]:
        """Do everything once, and return what was heard of it."""
        self.heard.clear()
        viewer, layer = self.viewer, self.layer
        viewer.dims.set_current_step(0, (viewer.dims.current_step[0] + 1) % 10)
        viewer.layers.remove(viewer.add_points(np.zeros((0, 3)), name="theirs"))
        viewer.layers.selection.active = None
        viewer.layers.selection.active = layer
        layer.contrast_limits = layer.contrast_limits[0], layer.contrast_limits[1] - 1
        layer.name = f"{layer.name}'"
        click(viewer, layer, (0, 1, 1))
        click(viewer, viewer, (0, 1, 1))
        for one, keys in ((viewer, "Control-L"), (layer, "N")):
            handler = KeymapHandler()
            handler.keymap_providers = [one]
            handler.press_key(keys)
        return sorted(set(self.heard))


EVERYTHING = sorted(
    ["point", "inserted", "active", "contrast", "name", "layer mouse", "viewer mouse",
     "viewer key", "layer key"]
)  # fmt: skip


def callbacks(viewer, layer) -> dict[str, list]:
    """Return everything that is bound or connected, in order."""
    found = {
        f"{name} {kind}": list(getattr(one, f"mouse_{kind}_callbacks"))
        for name, one in (("viewer", viewer), ("layer", layer))
        for kind in ("drag", "move", "wheel", "double_click")
    }
    found["viewer keys"] = [str(key) for key in viewer.keymap]
    found["layer keys"] = [str(key) for key in layer.keymap]
    for name, events in {
        "viewer": viewer.events,
        "layers": viewer.layers.events,
        "selection": viewer.layers.selection.events,
        "dims": viewer.dims.events,
        "layer": layer.events,
    }.items():
        for kind, emitter in events.emitters.items():
            found[f"{name} {kind}"] = list(emitter.callbacks)
    return found


def test_a_neighbour_hears_everything_before_beside_and_after_the_dock(
    user_without_window: User,
) -> None:
    user = user_without_window
    neighbour = Neighbour(user.viewer, user.open_image(name="cells"))
    assert neighbour.hears() == EVERYTHING
    user.open_dock()
    user.click(3, 20, 30)
    user.wait_mask(1, 3)
    assert neighbour.hears() == EVERYTHING
    user.dock.workbench.track.run()
    assert neighbour.hears() == EVERYTHING
    user.wait_idle()
    user.dock.shut_down()
    assert neighbour.hears() == EVERYTHING


def test_closing_leaves_every_binding_and_connection_as_it_was(
    user_without_window: User,
) -> None:
    user = user_without_window
    layer = user.open_image(name="cells")
    Neighbour(user.viewer, layer)
    user.open_dock().shut_down()  # napari itself connects things at the first layers
    user.qtbot.wait(20)
    before, threads = callbacks(user.viewer, layer), threading.active_count()
    user.open_dock()
    user.click(3, 20, 30)
    user.wait_mask(1, 3)
    user.dock.workbench.track.run()
    user.wait_idle()
    user.dock.shut_down()
    user.qtbot.wait(20)
    user.viewer.layers.remove("cells objects")
    assert threading.active_count() == threads
    after = callbacks(user.viewer, layer)
    assert {key: after[key] for key in before} == before
