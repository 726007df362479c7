"""CUDA graphs that are not there: steps are written down, and done again in place."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING

from torch.utils._python_dispatch import TorchDispatchMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


class Tape(TorchDispatchMode):
    """Steps between tensors that stay where they are.

    Attributes
    ----------
    replays : int
    """

    def __init__(self) -> None:
        super().__init__()
        self.replays = 0
        self._steps = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        self._steps.append((func, args, kwargs or {}, made))
        return made

    def replay(self) -> None:
        self.replays += 1
        for func, args, kwargs, made in self._steps:
            made.copy_(func(*args, **kwargs))


def record_on_tapes(monkeypatch: pytest.MonkeyPatch) -> list[Tape]:
    """Have tapes in place of CUDA graphs; return those that are made."""
    made: list[Tape] = []

    def tape() -> Tape:
        made.append(Tape())
        return made[-1]

    @contextmanager
    def recording(graph: Tape, pool=None) -> Iterator[None]:
        assert pool == "shared"
        with graph:
            yield

    stream = SimpleNamespace(wait_stream=lambda other: None)
    stand_ins = {
        "CUDAGraph": tape,
        "graph": recording,
        "graph_pool_handle": lambda: "shared",
        "Stream": lambda: stream,
        "current_stream": lambda: stream,
        "stream": lambda stream: nullcontext(),
    }
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(f"torch.cuda.{name}", stand_in)
    return made
