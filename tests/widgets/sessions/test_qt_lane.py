"""Jobs run one after the other on one thread, and are heard of on the GUI thread."""

from __future__ import annotations

import gc
import importlib
import threading
import weakref

import pytest

pytest.importorskip("pytestqt", reason="needs pytest-qt and a Qt binding")
pytest.importorskip("qtpy", reason="needs a Qt binding")

from napari_sam2.widgets.sessions.qt_lane import QtLane


@pytest.fixture
def lane(qtbot):
    lane = QtLane()
    yield lane
    lane.close()


class Ear:
    """Hears what a lane says, and on which thread."""

    def __init__(self) -> None:
        self.heard: list = []
        self.threads: set[str] = set()

    def item(self, item: object) -> None:
        self._note(item)

    def done(self) -> None:
        self._note("done")

    def error(self, error: Exception) -> None:
        self._note(error)

    def _note(self, what: object) -> None:
        self.heard.append(what)
        self.threads.add(threading.current_thread().name)

    @property
    def callbacks(self) -> dict:
        return {"on_item": self.item, "on_done": self.done, "on_error": self.error}


def test_items_come_in_order_on_the_gui_thread(lane: QtLane, qtbot) -> None:
    workers = set()

    def job(token):
        for i in range(5):
            workers.add(threading.current_thread().name)
            yield i

    ear = Ear()
    lane.submit(job, **ear.callbacks)
    qtbot.waitUntil(lambda: "done" in ear.heard)
    assert ear.heard == [0, 1, 2, 3, 4, "done"]
    assert ear.threads == {threading.main_thread().name}
    assert len(workers) == 1
    assert not workers & ear.threads


@pytest.mark.parametrize("error", [RuntimeError("no memory"), ValueError("odd")])
def test_every_error_is_told_once(lane: QtLane, qtbot, error: Exception) -> None:
    def job(token):
        yield 1
        raise error

    ear = Ear()
    lane.submit(job, **ear.callbacks)
    qtbot.waitUntil(lambda: len(ear.heard) == 2)
    qtbot.wait(20)
    assert ear.heard == [1, error]


def test_nothing_of_a_job_is_kept_when_it_is_done(lane: QtLane, qtbot) -> None:
    class Large:
        pass

    def submit(large: Large, ear: Ear) -> None:
        lane.submit(lambda token: (large for _ in [1]), on_done=ear.done)

    large, ear = Large(), Ear()
    kept = weakref.ref(large)
    submit(large, ear)
    del large
    qtbot.waitUntil(lambda: ear.heard == ["done"])
    qtbot.waitUntil(lambda: gc.collect() is not None and kept() is None, timeout=2000)


class Panic(BaseException):
    """What libraries written in Rust raise."""


def test_even_a_panic_is_told_and_the_lane_goes_on(lane: QtLane, qtbot) -> None:
    def job(token):
        yield 1
        raise Panic("index out of bounds")

    ear, after = Ear(), Ear()
    lane.submit(job, **ear.callbacks)
    lane.submit(lambda token: (n for n in [2]), on_item=after.item)
    qtbot.waitUntil(lambda: after.heard == [2])
    assert ear.heard[0] == 1
    assert "Panic: index out of bounds" in str(ear.heard[1])


def test_a_cancelled_job_is_closed_where_it_ran(lane: QtLane, qtbot) -> None:
    closed_on = []

    def job(token):
        try:
            while True:
                yield 1
        finally:
            closed_on.append(threading.current_thread())

    ear = Ear()
    token = lane.submit(job, **ear.callbacks)
    qtbot.waitUntil(lambda: bool(ear.heard))
    token.cancel()
    qtbot.waitUntil(lambda: ear.heard[-1] == "done")
    assert closed_on != [threading.main_thread()]
    assert len(closed_on) == 1


def test_the_latest_job_of_a_key_wins(lane: QtLane, qtbot) -> None:
    gate = threading.Event()
    began = []

    def wait(token):
        gate.wait(5)
        yield "first"

    def job(name):
        def run(token):
            began.append(name)
            yield name

        return run

    ear = Ear()
    lane.submit(wait, on_item=ear.item)
    for name in "abc":
        lane.submit(job(name), key="click", **ear.callbacks)
    gate.set()
    qtbot.waitUntil(lambda: "c" in ear.heard and ear.heard.count("done") == 3)
    assert began == ["c"]


def test_closing_while_a_job_runs_leaves_no_thread_and_no_word(qtbot) -> None:
    lane = QtLane(name="lane-under-test")
    closed = threading.Event()

    def job(token):
        try:
            while True:
                yield 1
        finally:
            closed.set()

    ear = Ear()
    lane.submit(job, **ear.callbacks)
    qtbot.waitUntil(lambda: bool(ear.heard))
    lane.close()
    count = len(ear.heard)
    qtbot.wait(20)
    assert closed.is_set()
    assert len(ear.heard) == count
    assert not [t for t in threading.enumerate() if "lane-under-test" in t.name]
    assert lane.submit(job, **ear.callbacks).is_cancelled


def test_a_failing_callback_ends_its_job(lane: QtLane, qtbot) -> None:
    def job(token):
        while True:
            yield 1

    def fail(item: object) -> None:
        raise KeyError(item)

    ear = Ear()
    with qtbot.captureExceptions() as errors:
        lane.submit(job, on_item=fail, on_done=ear.done)
        qtbot.waitUntil(lambda: ear.heard == ["done"])
    assert errors[0][0] is KeyError


def test_who_waits_goes_on_when_a_callback_fails(lane: QtLane, qtbot) -> None:
    def fail(item: object) -> None:
        raise KeyError(item)

    ear = Ear()
    with qtbot.captureExceptions() as errors:
        lane.submit(lambda token: iter([1]), on_item=fail)
        lane.submit(lambda token: iter([2]), on_item=ear.item)
        lane.deliver_until(lambda: bool(ear.heard), seconds=5)
    assert ear.heard == [2]
    assert [error[0] for error in errors] == [KeyError]


def test_a_step_that_hangs_does_not_hang_closing(qtbot, monkeypatch) -> None:
    monkeypatch.setattr("napari_sam2.widgets.sessions.qt_lane._PATIENCE_S", 0.05)
    lane = QtLane(name="hanging-lane")
    began, answered = threading.Event(), threading.Event()

    def job(token):
        began.set()
        answered.wait(20)
        yield "late"

    ear = Ear()
    lane.submit(job, **ear.callbacks)
    assert began.wait(5)
    lane.close()
    assert not answered.is_set()  # closing did not wait for it
    (thread,) = [t for t in threading.enumerate() if t.name == "hanging-lane"]
    assert thread.daemon
    answered.set()
    thread.join(5)
    qtbot.wait(20)
    assert not thread.is_alive()
    assert ear.heard == []


def test_a_module_that_is_being_imported_is_not_left_half_made(
    qtbot, tmp_path, monkeypatch
) -> None:
    (tmp_path / "slowly_made.py").write_text(
        "import threading\nimport time\n"
        "for _ in range(200):\n    time.sleep(0.01)\n"
        "made_by = threading.current_thread().name\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    begun = threading.Event()

    def job(token):
        begun.set()
        yield importlib.import_module("slowly_made")

    lane = QtLane()
    lane.submit(job)
    assert begun.wait(5)
    lane.close()
    # An import that was broken off would be made again here.
    made_by = importlib.import_module("slowly_made").made_by
    assert made_by != threading.current_thread().name
