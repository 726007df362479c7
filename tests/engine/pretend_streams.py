"""Streams of a pretended GPU: what is launched on one may meet what is not done yet.

Everything is computed at once. But every tensor knows on which stream it was made, and
when, and every stream how much of the others it has waited for: what reads a tensor too
early is refused, and so is what lets go of memory that another stream may be reading.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Origin(NamedTuple):
    """Where a tensor's memory came from, when it was filled, and who else may read."""

    stream: PretendStream
    tick: int
    readers: set[PretendStream]


class PretendEvent(NamedTuple):
    """How far a stream, and what it has waited for, had come."""

    reached: dict[PretendStream, int]


class PretendStream:
    """What is launched on it is done in its order, and beside other streams.

    Attributes
    ----------
    is_main : bool
        Whether it is the one that is always there.
    """

    def __init__(self, *, is_main: bool = False) -> None:
        self.is_main = is_main
        self._launched = 0
        self._waited_for: dict[PretendStream, int] = {}

    def record_event(self) -> PretendEvent:
        return PretendEvent({**self._waited_for, self: self._launched})

    def wait_event(self, event: PretendEvent) -> None:
        for stream, tick in event.reached.items():
            self._waited_for[stream] = max(tick, self._waited_for.get(stream, 0))

    def wait_stream(self, other: PretendStream) -> None:
        self.wait_event(other.record_event())

    def launch(self, what: object, origins: list[Origin]) -> Origin:
        """Read tensors, and say what is to be known of those that are made."""
        for origin in origins:
            if origin.stream is self:
                continue
            done = self._waited_for.get(origin.stream, 0)
            assert origin.tick <= done, f"{what} reads what may not be there yet"
            # Weights and tables, which are made first, outlive all that reads them.
            may_read = origin.stream.is_main or self in origin.readers
            assert may_read, f"{what} is not recorded"
        self._launched += 1
        return Origin(self, self._launched, set())


class PretendStreams:
    """The streams of one device.

    Attributes
    ----------
    main, current : PretendStream
    made : list of PretendStream
        All others.
    """

    def __init__(self) -> None:
        self.main = self.current = PretendStream(is_main=True)
        self.made: list[PretendStream] = []

    def make(self, device=None) -> PretendStream:
        self.made.append(PretendStream())
        return self.made[-1]

    def know(self, origin: Origin | None) -> bool:
        """Whether something was made here; tables may be left from another device."""
        return origin is not None and origin.stream in (self.main, *self.made)

    @contextmanager
    def on(self, stream: PretendStream) -> Iterator[None]:
        before, self.current = self.current, stream
        try:
            yield
        finally:
            self.current = before
