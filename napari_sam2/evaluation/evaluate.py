"""A stack from end to end: chosen, prompted, followed, and compared with the truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_sam2.core.cancel import CancelToken, Progress
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.engine.window import WindowOptions
from napari_sam2.evaluation.assignment import Assignment, Limits, assign
from napari_sam2.evaluation.baselines import (
    COPY,
    THRESHOLD,
    copy_prompts,
    link_components,
)
from napari_sam2.evaluation.masks import Masks, true_masks
from napari_sam2.evaluation.protocols import Protocol, User, follow
from napari_sam2.evaluation.scores import MethodScore, score_objects
from napari_sam2.evaluation.truth import Truth, take_census

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from napari_sam2.core.recipe import WindowMode
    from napari_sam2.model.sam2 import Sam2Model

    Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Study:
    """What is to be found out about a model.

    Attributes
    ----------
    protocols : tuple of Protocol
        Each of them is a method of its own.
    limits : Limits
        How much of each stack is looked at.
    window : str
        ``"off"``, ``"auto"`` or ``"on"``: whether small objects are looked at closely.
    group : int
        Most objects in one pass through a stack.
    baselines : bool
        Whether to compare with methods that need no learning.
    """

    protocols: tuple[Protocol, ...] = (Protocol(),)
    limits: Limits = field(default_factory=Limits)
    window: WindowMode = "off"
    group: int = 128
    baselines: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class StackOutcome:
    """What came of a stack.

    Attributes
    ----------
    truth : Truth
    todo : Assignment
        What was followed, through which frames.
    methods : tuple of MethodScore
        Protocols in their order, then baselines.
    true : Masks
        The true masks.
    found : mapping of str to Masks
        What each method gave.
    """

    truth: Truth
    todo: Assignment
    methods: tuple[MethodScore, ...]
    true: Masks
    found: Mapping[str, Masks] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The stack's name."""
        return self.truth.name


def evaluate_stack(
    model: Sam2Model,
    truth: Truth,
    study: Study,
    *,
    token: CancelToken | None = None,
    watch: Watch = lambda _: None,
) -> StackOutcome | None:
    """Measure a model on one stack.

    Parameters
    ----------
    model : Sam2Model
    truth : Truth
    study : Study
    token : CancelToken, optional
        Stops before the next frame.
    watch : callable, optional
        Told after every frame how far it has come.

    Returns
    -------
    StackOutcome or None
        None when it was stopped.

    Raises
    ------
    StackError
        If the stack holds nothing that can be measured.
    FrameError
        If a frame cannot be read.
    """
    token = token or CancelToken()
    todo = assign(truth, take_census(truth), study.limits)
    true = true_masks(truth, todo.ids, todo.frames)
    found = dict(_answers(_Bench(model, truth, todo, true, study), token, watch))
    if token.is_cancelled:
        return None
    methods = tuple(
        MethodScore(name, score_objects(masks, true, todo))
        for name, masks in found.items()
    )
    return StackOutcome(truth, todo, methods, true, found)


@dataclass(frozen=True, slots=True)
class _Bench:
    """A model before a stack."""

    model: Sam2Model
    truth: Truth
    todo: Assignment
    true: Masks
    study: Study

    def groups(self) -> list[Assignment]:
        """Return the passes through the stack that one protocol needs."""
        ids, size = self.todo.ids, self.study.group
        return [self.todo.only(ids[k : k + size]) for k in range(0, len(ids), size)]

    def user(self, todo: Assignment, protocol: Protocol) -> User:
        """Return a user in front of a tracker that knows nothing yet."""
        options = TrackerOptions(window=WindowOptions(mode=self.study.window))
        tracker = VideoTracker(self.model, self.truth.frames, options=options)
        return User(tracker, self.true, todo, protocol)


def _answers(
    bench: _Bench, token: CancelToken, watch: Watch
) -> Iterator[tuple[str, Masks]]:
    """Yield the masks of each method."""
    study, todo, true = bench.study, bench.todo, bench.true
    bar = _Bar(bench, watch)
    for protocol in study.protocols:
        masks = Masks(true.shape_hw)
        for group in bench.groups():
            if not token.is_cancelled:
                follow(bench.user(group, protocol), masks, token, bar.step)
        yield str(protocol), masks
    if study.baselines and not token.is_cancelled:
        yield COPY, copy_prompts(true, todo)
        yield THRESHOLD, link_components(bench.truth.frames, true, todo, token)


class _Bar:
    """Counts frames over all passes."""

    def __init__(self, bench: _Bench, watch: Watch) -> None:
        passes = sum(protocol.passes for protocol in bench.study.protocols)
        spans = [g.frames.stop - min(g.starts.values()) for g in bench.groups()]
        self._total = passes * sum(spans)
        self._done = 0
        self._name = bench.truth.name
        self._watch = watch

    def step(self) -> None:
        """Count a frame."""
        self._done += 1
        self._watch(Progress(self._done, self._total, self._name))
