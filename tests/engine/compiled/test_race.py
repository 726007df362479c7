"""What is compiled is kept only where it is right, works and is quicker."""

from __future__ import annotations

from threading import Thread, current_thread, main_thread

import pytest
import torch

from napari_sam2.engine.compiled.race import Raced
from napari_sam2.engine.compiled.support import GRAPHS, Compiler
from tests.engine.compiled.backends import Counting


def _double(x):
    return (2 * x,)


def _run(raced: Raced, times: int = 6, rows: int = 3):
    with torch.inference_mode():
        return [raced(torch.ones(rows, 2))[0] for _ in range(times)][-1]


def _replayed(backend) -> Compiler:
    """Return what compiles to graphs that are replayed, whether that gains or not."""
    return Compiler(({"backend": backend, "mode": GRAPHS},), 0.0)


def test_what_comes_again_is_compiled_once() -> None:
    counting = Counting()
    raced = Raced("doubling", _double, counting.compiler())
    assert _run(raced, times=3).sum() == 12
    assert counting.batches == []
    assert _run(raced).sum() == 12
    assert _run(raced, rows=5).sum() == 20
    assert counting.batches == [3, 5]
    assert "is compiled now" in raced.notes[0]


def test_results_are_not_overwritten_by_later_ones() -> None:
    buffer = torch.empty(3, 2)

    def replaying(graph, inputs, mode):
        def run(*arguments):
            return (buffer.copy_(graph.forward(*arguments)[0]),)

        return run

    raced = Raced("doubling", _double, _replayed(replaying))
    _run(raced)
    with torch.inference_mode():
        first = raced(torch.ones(3, 2))[0]
        raced(torch.zeros(3, 2))
    assert first.sum() == 12


def test_results_are_not_overwritten_by_those_of_another_thread() -> None:
    buffer, others = torch.empty(3, 2), []

    def replaying(graph, inputs, mode):
        def run(*arguments):
            buffer.copy_(graph.forward(*arguments)[0])
            if others and current_thread() is main_thread():
                others[0].start()
                others[0].join(timeout=0.3)  # to no end: it waits for its turn
            return (buffer,)

        return run

    def interfere() -> None:
        with torch.inference_mode():
            raced(torch.zeros(3, 2))

    raced = Raced("doubling", _double, _replayed(replaying))
    _run(raced)
    others.append(Thread(target=interfere))
    with torch.inference_mode():
        found = raced(torch.ones(3, 2))[0]
    others[0].join()
    assert found.sum() == 12
    assert buffer.sum() == 0


def test_what_nothing_overwrites_is_not_copied() -> None:
    made = []

    def keeping(graph, inputs):
        def run(*arguments):
            made.append(graph.forward(*arguments)[0])
            return (made[-1],)

        return run

    raced = Raced("doubling", _double, Compiler(({"backend": keeping},), 0.0))
    assert _run(raced).data_ptr() == made[-1].data_ptr()


def test_a_slower_one_is_dropped_with_a_reason() -> None:
    raced = Raced("doubling", _double, Compiler(({"backend": "eager"},), 1e9))
    assert _run(raced).sum() == 12
    assert raced.notes == [raced.notes[0]]
    assert raced.notes[0].startswith("The doubling stays as it is: compiled, it takes")


def test_one_that_computes_something_else_is_dropped() -> None:
    def wrong(graph, inputs):
        return lambda *arguments: (graph.forward(*arguments)[0] + 1,)

    raced = Raced("doubling", _double, Compiler(({"backend": wrong},), 0.0))
    assert _run(raced).sum() == 12
    assert raced.notes == [
        "The doubling stays as it is: compiled, it computes something else."
    ]


@pytest.mark.parametrize("rounds", [True, False])
def test_what_rounds_may_round_less_often_when_it_is_compiled(rounds) -> None:
    def near(graph, inputs):
        return lambda *arguments: (graph.forward(*arguments)[0] * 1.01,)

    compiler = Compiler(({"backend": near},), 0.0)
    raced = Raced("doubling", _double, compiler, rounds=rounds)
    _run(raced)
    assert ("is compiled now" in raced.notes[0]) == rounds


def test_a_compiler_that_fails_is_followed_by_the_next() -> None:
    def broken(graph, inputs):
        raise RuntimeError("no such\nthing")

    ways = ({"backend": broken}, {"backend": "eager"})
    raced = Raced("doubling", _double, Compiler(ways, 0.0))
    assert _run(raced).sum() == 12
    failed, compiled = raced.notes
    assert failed == "The doubling could not be compiled: RuntimeError: no such."
    assert "is compiled now" in compiled


def test_one_that_fails_later_is_given_up() -> None:
    fails = []

    def fragile(graph, inputs):
        def run(*arguments):
            if fails:
                raise RuntimeError("gone")
            return graph.forward(*arguments)

        return run

    raced = Raced("doubling", _double, Compiler(({"backend": fragile},), 0.0))
    _run(raced)
    fails.append(True)
    assert _run(raced).sum() == 12
    assert raced.notes[1:] == [
        "The doubling failed when it was compiled: RuntimeError: gone."
    ]


FULL = [
    torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("MPS backend out of memory"),
]


@pytest.mark.parametrize("full", FULL)
def test_what_has_no_room_to_be_compiled_stays_as_it_is(full) -> None:
    def hungry(graph, inputs):
        def run(*arguments):
            raise full

        return run

    counting = Counting()
    ways = ({"backend": hungry}, {"backend": counting})
    raced = Raced("doubling", _double, Compiler(ways, 0.0))
    assert _run(raced).sum() == 12
    assert counting.batches == []  # it would take as much
    assert raced.notes == [
        "The doubling stays as it is: there is not enough memory to compile it."
    ]


@pytest.mark.parametrize("full", FULL)
def test_what_has_no_more_room_goes_on_as_before(full) -> None:
    calls, fails = [], []

    def hungry(graph, inputs):
        def run(*arguments):
            calls.append(1)
            if fails:
                raise full
            return graph.forward(*arguments)

        return run

    raced = Raced("doubling", _double, Compiler(({"backend": hungry},), 0.0))
    _run(raced)
    before = len(calls)
    fails.append(True)
    assert _run(raced).sum() == 12
    assert len(calls) == before + 1
    assert raced.notes[1:] == [
        "The doubling failed when it was compiled: memory does not suffice."
    ]


def test_memory_that_does_not_suffice_at_all_is_told() -> None:
    full = []

    def double(x):
        if full and not torch.compiler.is_compiling():
            raise FULL[0]
        return (2 * x,)

    raced = Raced("doubling", double, Compiler(({"backend": "eager"},), 0.0))
    _run(raced, times=3)
    full.append(True)
    for _ in range(2):
        with pytest.raises(torch.OutOfMemoryError):
            _run(raced, times=1)
