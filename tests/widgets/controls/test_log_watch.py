"""What the engine logs on the worker arrives in the window, until that closes."""

from __future__ import annotations

import logging
import threading

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

import torch
from qtpy.QtCore import QObject

from napari_sam2.engine.compiled.race import Raced
from napari_sam2.widgets.controls.links import Links
from napari_sam2.widgets.controls.log_watch import LogWatch
from tests.engine.compiled.backends import Counting


class Listener(QObject):
    """Takes down what it hears, and on which thread."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, bool, object]] = []
        self.threads: set[int] = set()

    def hear(self, sentence: str, is_passing: bool, about: object) -> None:
        self.heard.append((sentence, is_passing, about))
        self.threads.add(threading.get_ident())


def compile_doubling() -> None:
    """Use a function so often that it is compiled, on a thread of its own."""

    def use() -> None:
        doubling = Raced("doubling", lambda x: (2 * x,), Counting().compiler())
        with torch.inference_mode():
            for _ in range(4):
                doubling(torch.ones(2))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()


def test_it_is_told_while_and_after_something_is_compiled(qtbot) -> None:
    links, listener = Links(), Listener()
    here = threading.get_ident()
    watch = LogWatch(
        "napari_sam2.engine.compiled",
        links,
        about=lambda: "numbers" if threading.get_ident() != here else None,
    )
    watch.said.connect(listener.hear)
    logging.getLogger("napari_sam2.engine.compiled").warning("Not for this window.")
    compile_doubling()
    links.cut()
    compile_doubling()
    assert not listener.heard  # before the window's thread gets to it
    qtbot.waitUntil(lambda: len(listener.heard) > 1)
    assert listener.threads == {threading.get_ident()}
    (begun, is_begun_passing, _), (done, is_done_passing, about) = listener.heard
    assert begun == "Compiling the doubling, which takes a while once."
    assert done.startswith("The doubling is compiled now, and ")
    assert (is_begun_passing, is_done_passing) == (True, False)
    assert about == "numbers"
