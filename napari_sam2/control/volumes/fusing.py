"""Following objects along several axes of a volume, from the same prompts, and fusing.

Prompts lie on frames of the first axis. What is found along it gives the cross-sections
of the objects that are the prompts on the other axes.
"""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from napari_sam2.control.positions.following import AlongFrames
from napari_sam2.control.positions.sections import cross_sections
from napari_sam2.core.cancel import CancelToken, Progress, Stopped
from napari_sam2.core.errors import FrameError
from napari_sam2.core.masks.fusion import fuse
from napari_sam2.core.masks.orientation import Oriented
from napari_sam2.core.results import FrameResult

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from napari_sam2.control.ports import Tracker
    from napari_sam2.control.positions.ports import (
        FramePlace,
        PositionStore,
        Segmenter,
    )
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.masks.orientation import Dims
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.settings import Direction


@dataclass(frozen=True, slots=True, eq=False)
class Orientation:
    """One of the axes of a volume that objects are followed along.

    Attributes
    ----------
    name : str
        Of the axis.
    dims : (int, int, int)
        Where its frames, rows and columns lie among those of the first orientation.
    open_frames : callable
        Returns its frames at a position.
    store : PositionStore
        Keeps what is found along it.
    """

    name: str
    dims: Dims
    open_frames: Callable[[Position], FrameSource]
    store: PositionStore


@dataclass(frozen=True, slots=True, eq=False)
class AcrossAxes:
    """Follows objects along several axes and fuses them, as a ``Segmenter``.

    Attributes
    ----------
    orientations : tuple of Orientation
        The first one is that of the prompts and of the results.
    make_tracker : callable
        Returns a tracker of a stack.
    direction : str
        Which way to go from the prompts along the first axis.
    frames : range or None
        The frames of the first axis that are computed; all by default.
    along_first : Segmenter or None
        Follows objects along the first axis, instead of a tracker that is made for it.
    """

    orientations: tuple[Orientation, ...]
    make_tracker: Callable[[FrameSource], Tracker]
    direction: Direction = "both"
    frames: range | None = None
    along_first: Segmenter | None = None

    def __call__(
        self,
        position: Position,
        prompts: Mapping[FramePlace, FramePrompts],
        token: CancelToken | None = None,
    ) -> Generator[FrameResult | Progress]:
        """Yield how far it has come along each axis, then the fused objects."""
        first, *others = self.orientations
        run = self.along_first or AlongFrames(
            first.open_frames, self.make_tracker, self.direction, self.frames
        )
        yield from _follow(first, run, position, prompts, token)
        token = token or CancelToken()
        with suppress(Stopped):
            for one in others:
                token.check()
                seeds = self._sections(position, prompts, one.dims, token)
                run = AlongFrames(one.open_frames, self.make_tracker)
                yield from _follow(one, run, position, seeds, token)
            for result in self._fused(position, prompts, token):
                yield result
                token.check()
            for one in self.orientations:
                if problem := one.store.problem(position):
                    raise FrameError(problem)

    def _sections(
        self,
        position: Position,
        prompts: Mapping[FramePlace, FramePrompts],
        dims: Dims,
        token: CancelToken,
    ) -> dict[FramePlace, FramePrompts]:
        """Return prompts along another axis, from what the first one gave."""
        first = self.orientations[0]
        frames = first.open_frames(position)
        return cross_sections(
            partial(_read, first.store, position, token),
            (len(frames), *frames.shape_hw),
            prompts,
            dims,
        )

    def _fused(
        self,
        position: Position,
        prompts: Mapping[FramePlace, FramePrompts],
        token: CancelToken,
    ) -> Iterator[FrameResult]:
        frames = self.orientations[0].open_frames(position)
        object_ids = frozenset(object_id for object_id, _ in prompts)
        painted = {place for place, said in prompts.items() if said.mask is not None}
        views = [
            Oriented(one.dims, partial(_only, one.store, position, object_ids, token))
            for one in self.orientations
        ]
        shape = len(frames), *frames.shape_hw
        yield from fuse(views, shape, set(prompts), settled=painted)


def _read(
    store: PositionStore, position: Position, token: CancelToken
) -> Iterator[FrameResult]:
    """Yield the results at a position: all of them, or it is as if none was read.

    Raises
    ------
    Stopped
        If the token was cancelled meanwhile.
    """
    for result in store.results(position):
        token.check()
        yield result


def _only(
    store: PositionStore,
    position: Position,
    object_ids: frozenset[int],
    token: CancelToken,
) -> Iterator[FrameResult]:
    """Yield the results of some objects at a position."""
    for result in _read(store, position, token):
        objects = tuple(one for one in result if one.object_id in object_ids)
        yield FrameResult(result.frame, objects)


def _follow(
    one: Orientation,
    run: Segmenter,
    position: Position,
    prompts: Mapping[FramePlace, FramePrompts],
    token: CancelToken | None,
) -> Generator[Progress]:
    """Follow along one axis what was not followed before, and keep what is found."""
    wanted = frozenset(i for i, _ in prompts) - one.store.finished(position)
    left = {place: said for place, said in prompts.items() if place[0] in wanted}
    if not left:
        return
    total = len(one.open_frames(position))
    with one.store.open(position) as kept:
        problem = ""
        try:
            with closing(run(position, left, token)) as found:
                done = 0
                for item in found:
                    if isinstance(item, Progress):
                        yield item
                        continue
                    kept.add(item)
                    done = min(done + 1, total)
                    yield Progress(done, total, f"along {one.name}")
        except FrameError as error:
            problem = str(error)
        if token is None or not token.is_cancelled:
            kept.finish(wanted, problem)
