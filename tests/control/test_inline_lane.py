"""The lane without a thread keeps the promises of every lane."""

from __future__ import annotations

from functools import partial

import pytest

from napari_sam2.control import InlineLane


def counting(heard: list, name: str, count: int, token) -> object:
    try:
        for number in range(count):
            yield f"{name}{number}"
    finally:
        heard.append(f"{name} closed")


def submit(lane: InlineLane, heard: list, name: str, count: int = 2, **options):
    return lane.submit(
        partial(counting, heard, name, count),
        on_item=options.pop("on_item", heard.append),
        on_done=lambda: heard.append(f"{name} done"),
        on_error=heard.append,
        **options,
    )


def test_items_come_in_order_and_done_comes_last() -> None:
    heard: list = []
    submit(InlineLane(), heard, "a")
    assert heard == ["a0", "a1", "a closed", "a done"]


def test_an_error_comes_instead_of_done() -> None:
    heard: list = []
    error = RuntimeError("no")

    def job(token):
        yield 1
        raise error

    InlineLane().submit(
        job, on_item=heard.append, on_done=pytest.fail, on_error=heard.append
    )
    assert heard == [1, error]


def test_a_job_from_a_callback_waits_and_the_newest_of_a_key_wins() -> None:
    lane, heard = InlineLane(), []

    def more(item: str) -> None:
        heard.append(item)
        if item == "a0":
            submit(lane, heard, "b", key="same")
            submit(lane, heard, "c", key="same")
            submit(lane, heard, "d", key="other")

    submit(lane, heard, "a", on_item=more)
    assert heard == [
        "a0", "b done", "a1", "a closed", "a done",
        "c0", "c1", "c closed", "c done",
        "d0", "d1", "d closed", "d done",
    ]  # fmt: skip


def test_a_cancelled_job_is_closed_after_its_item() -> None:
    lane, heard, tokens = InlineLane(), [], []

    def job(token):
        tokens.append(token)
        yield from counting(heard, "a", 5, token)

    def stop(item: str) -> None:
        heard.append(item)
        tokens[0].cancel()

    lane.submit(job, on_item=stop, on_done=lambda: heard.append("done"))
    assert heard == ["a0", "a closed", "done"]


def test_a_callback_that_fails_ends_its_job_and_not_the_lane() -> None:
    lane, heard = InlineLane(), []

    def fail(item: str) -> None:
        raise ValueError(item)

    with pytest.raises(ValueError, match="a0"):
        submit(lane, heard, "a", on_item=fail)
    assert heard == ["a closed", "a done"]
    submit(lane, heard, "b", count=0)
    assert heard[-1] == "b done"


def test_a_job_that_fails_while_it_is_closed_has_failed() -> None:
    heard: list = []
    error = OSError("the file is gone")
    tokens = []

    def job(token):
        tokens.append(token)
        try:
            yield 1
        finally:
            raise error

    InlineLane().submit(
        job,
        on_item=lambda _: tokens[0].cancel(),
        on_done=pytest.fail,
        on_error=heard.append,
    )
    assert heard == [error]


def test_a_closed_lane_drops_what_waits() -> None:
    lane, heard = InlineLane(), []

    def close(item: str) -> None:
        submit(lane, heard, "b")
        lane.close()

    submit(lane, heard, "a", on_item=close)
    assert "b0" not in heard
