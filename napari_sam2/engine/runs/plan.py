"""Which frames a run visits, in which order, for which objects. Pure numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from napari_sam2.core.errors import FrameError, NoPromptError, Sam2Error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Direction = Literal["forward", "backward", "both"]


class Step(NamedTuple):
    """One frame of a run, and the objects to be computed on it."""

    frame: int
    is_reverse: bool
    object_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A run over a stack.

    Attributes
    ----------
    prompted : mapping of int to (int, int)
        First and last prompted frame of every object.
    frames : range
        The frames that may be visited, step 1.
    direction : str
        ``"forward"`` starts each object at its first prompt and ``"backward"`` at its
        last; ``"both"`` goes forward from the first prompt, then backward from it.
    """

    prompted: Mapping[int, tuple[int, int]]
    frames: range
    direction: Direction

    def __post_init__(self) -> None:
        """Reject a direction that is none."""
        if self.direction not in get_args(Direction):
            raise Sam2Error(
                f"direction is 'forward', 'backward' or 'both', not {self.direction!r}."
            )

    def steps(self) -> Iterator[Step]:
        """Yield the frames in the order in which they are computed."""
        yield from self.way(is_reverse=False)
        yield from self.way(is_reverse=True)

    def way(self, *, is_reverse: bool) -> Iterator[Step]:
        """Yield the frames of one direction; none when it is not to be gone."""
        if is_reverse and self.direction != "forward":
            yield from self._backward()
        if not is_reverse and self.direction != "backward":
            yield from self._forward()

    def __len__(self) -> int:
        """Count the steps."""
        count = 0
        if self.direction != "backward":
            count += len(self._forward_frames())
        if self.direction != "forward":
            count += len(self._backward_frames())
        return count

    def frames_of(self, object_id: int) -> range:
        """Return the frames on which an object is computed."""
        start, stop = self.frames.start, self.frames.stop
        if self.direction == "forward":
            start = max(start, self.prompted[object_id][0])
        if self.direction == "backward":
            stop = min(stop, self.prompted[object_id][1] + 1)
        return range(start, max(start, stop))

    def _forward(self) -> Iterator[Step]:
        for frame in self._forward_frames():
            ids = [i for i, (first, _) in self.prompted.items() if first <= frame]
            yield Step(frame, False, tuple(ids))

    def _backward(self) -> Iterator[Step]:
        for frame in self._backward_frames():
            ids = [i for i in self.prompted if frame < self._backward_end(i)]
            yield Step(frame, True, tuple(ids))

    def _forward_frames(self) -> range:
        first = min((first for first, _ in self.prompted.values()), default=None)
        if first is None:
            return range(0)
        return range(max(first, self.frames.start), self.frames.stop)

    def _backward_frames(self) -> range:
        if not self.prompted:
            return range(0)
        end = min(self.frames.stop, max(self._backward_end(i) for i in self.prompted))
        return range(end - 1, self.frames.start - 1, -1)

    def _backward_end(self, object_id: int) -> int:
        """Return the frame after the first one that an object visits going back."""
        first, last = self.prompted[object_id]
        return first if self.direction == "both" else last + 1


def make_plan(
    prompted: Mapping[int, tuple[int, int]],
    frames: range | None,
    direction: Direction,
    frame_count: int,
) -> Plan:
    """Return the plan of a run; ``frames`` are by default all that the stack has.

    Raises
    ------
    NoPromptError
        If no object is prompted.
    FrameError
        If the stack has no such frames.
    """
    if not prompted:
        raise NoPromptError(
            "There is nothing to track yet: give at least one object a point, a "
            "box or a mask."
        )
    frames = range(frame_count) if frames is None else frames
    check_range(frames, frame_count)
    return Plan(prompted, frames, direction)


def check_range(frames: range, frame_count: int) -> None:
    """Check that frames are neighbours that the stack has.

    Raises
    ------
    FrameError
        If they are not.
    """
    if not isinstance(frames, range) or not frames or frames.step != 1:
        raise FrameError(
            f"{frames} holds no neighbouring frames: give a range that counts up by "
            "one, such as range(0, 10)."
        )
    if frames[0] < 0 or frames[-1] >= frame_count:
        raise FrameError(
            f"Frames {frames[0]} to {frames[-1]} are not all in the stack, which has "
            f"{frame_count} frames, 0 to {frame_count - 1}."
        )
