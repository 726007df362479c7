"""Which objects a run comes to, of those that are prompted. Pure numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.cli.wording import frames_in_words
from napari_sam2.core.errors import PromptError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.cli.options.prompting import Request
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.positions import Positions
    from napari_sam2.engine.runs.plan import Direction

_MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Missed:
    """An object at a position whose prompts lie behind all frames that are visited.

    Attributes
    ----------
    object_id : int
    position : tuple of int
    frames : tuple of int
        Where it is prompted there.
    """

    object_id: int
    position: Position
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """What of a request lies on the way through a stack.

    Attributes
    ----------
    followed : tuple of int
        The objects that are followed at any position, in order.
    missed : tuple of Missed
    direction : str
        ``"both"``, ``"forward"`` or ``"backward"``, from the prompts.
    span : range
        The frames that may be visited.
    positions : Positions
    """

    followed: tuple[int, ...]
    missed: tuple[Missed, ...]
    direction: Direction
    span: range
    positions: Positions

    def check(self) -> None:
        """Refuse a run that comes to no object at all.

        Raises
        ------
        PromptError
            If it does.
        """
        if not self.followed:
            raise PromptError(
                f"{self._missing(self.missed[0])}: nothing would be followed. Give "
                "other --frames, or another --direction."
            )

    @property
    def notices(self) -> list[str]:
        """Sentences about what is not followed."""
        told = [
            f"{self._missing(one)}: it is not followed from there."
            for one in self.missed[:_MOST_TOLD]
        ]
        more = len(self.missed) - len(told)
        return [*told, f"So it is with {more} more."] if more else told

    def _missing(self, one: Missed) -> str:
        where = f" at {self.positions.describe(one.position)}" if one.position else ""
        prompted, wanted = map(frames_in_words, (one.frames, self.span))
        return (
            f"Object {one.object_id} is prompted on {prompted}{where}, and going "
            f"{self.direction} from there never comes to {wanted}"
        )


def reach_of(
    request: Request, positions: Positions, direction: Direction, span: range
) -> Reach:
    """Return which objects a run from their prompts comes to.

    Parameters
    ----------
    request : Request
    positions : Positions
    direction : str
    span : range
        The frames that may be visited, not none.
    """
    followed: set[int] = set()
    missed: list[Missed] = []
    for position, told in sorted(request.by_position.items()):
        frames: dict[int, list[int]] = {}
        for object_id, frame in sorted(told):
            frames.setdefault(object_id, []).append(frame)
        for object_id, prompted in frames.items():
            if _is_reached(prompted, direction, span):
                followed.add(object_id)
            else:
                missed.append(Missed(object_id, position, tuple(prompted)))
    return Reach(tuple(sorted(followed)), tuple(missed), direction, span, positions)


def _is_reached(prompted: Sequence[int], direction: Direction, span: range) -> bool:
    if direction == "forward":
        return min(prompted) <= span[-1]
    return direction == "both" or max(prompted) >= span[0]
