"""A stack from end to end: chosen, prompted, followed, and compared with the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.core.cancel import CancelToken, Progress
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.evaluation.assignment import Assignment, assign
from napari_sam2.evaluation.baselines import (
    COPY,
    THRESHOLD,
    copy_prompts,
    link_components,
)
from napari_sam2.evaluation.following import follow
from napari_sam2.evaluation.masks import Masks, true_masks
from napari_sam2.evaluation.means import mean
from napari_sam2.evaluation.scorer import Found, Scorer
from napari_sam2.evaluation.study import StackOutcome, StackScore, Study
from napari_sam2.evaluation.truth import take_census
from napari_sam2.evaluation.user import User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_sam2.engine.network import Network
    from napari_sam2.evaluation.protocol import Protocol
    from napari_sam2.evaluation.truth import Truth

    Watch = Callable[[Progress], None]


def evaluate_stack(
    model: Network,
    truth: Truth,
    study: Study,
    *,
    token: CancelToken | None = None,
    watch: Watch = lambda _: None,
) -> StackOutcome | None:
    """Measure a model on one stack.

    Parameters
    ----------
    model : Network
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
    scorer = Scorer(truth, todo, true, cell_tracking=study.cell_tracking)
    methods = scorer.score(found)
    score = StackScore(truth.name, truth.kind, truth.spacing.unit, todo, methods)
    masks = {name: one.masks for name, one in found.items()}
    return StackOutcome(score, truth, true, masks)


@dataclass(frozen=True, slots=True)
class _Bench:
    """A model before a stack."""

    model: Network
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
        options = TrackerOptions.chosen(self.study.window, self.study.quality)
        tracker = VideoTracker(self.model, self.truth.frames, options=options)
        return User(tracker, self.true, todo, protocol)


def _answers(
    bench: _Bench, token: CancelToken, watch: Watch
) -> Iterator[tuple[str, Found]]:
    """Yield what each method gives."""
    study, todo, true = bench.study, bench.todo, bench.true
    bar = _Bar(bench, watch)
    for protocol in study.protocols:
        yield str(protocol), _follow(bench, protocol, token, bar)
    if study.baselines and not token.is_cancelled:
        yield COPY, Found(copy_prompts(true, todo))
        linked = link_components(bench.truth.frames, true, todo, token)
        yield THRESHOLD, Found(linked)


def _follow(bench: _Bench, protocol: Protocol, token: CancelToken, bar: _Bar) -> Found:
    """Follow all objects as a protocol says, one group after the other."""
    masks = Masks(bench.true.shape_hw)
    courses = []
    for group in bench.groups():
        if not token.is_cancelled:
            user = bench.user(group, protocol)
            courses.append(follow(user, masks, token, bar.step))
    return Found(masks, _mean_of_passes(courses))


def _mean_of_passes(courses: list[list[dict[int, float]]]) -> tuple[float, ...]:
    """Return the mean J of all objects after each pass; those that are done keep it."""
    most = max(map(len, courses), default=0)
    padded = [course + course[-1:] * (most - len(course)) for course in courses]
    return tuple(
        mean(j for course in padded if course for j in course[number].values())
        for number in range(most)
    )


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
