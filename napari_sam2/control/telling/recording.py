"""Takes down what trackers are told, while they are told it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.core.recipe import Followed, Made, RecipeStep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_sam2.core.adapter_card import BaseWeights
    from napari_sam2.core.unfinished_run import UnfinishedRun


class Recorder:
    """A recipe in the making; written on the lane and read anywhere.

    Parameters
    ----------
    steps : iterable of RecipeStep, optional
        What was done in earlier sessions with the same document.
    identify : callable, optional
        Returns the SHA-256 of a model's weights by its name; called on the lane.
    find_base : callable, optional
        Returns what these weights change, where they are an adapter.
    left : UnfinishedRun, optional
        The last run of an earlier session, if it did not come to its end.

    Attributes
    ----------
    left : UnfinishedRun or None
        The last run, if it was stopped, or as it was some moments ago.
    """

    def __init__(
        self,
        steps: Iterable[RecipeStep] = (),
        *,
        identify: Callable[[str], str | None] | None = None,
        find_base: Callable[[str], BaseWeights | None] | None = None,
        left: UnfinishedRun | None = None,
    ) -> None:
        self._identify = identify
        self._find_base = find_base
        # Threads meet here: lists take one change after the other, and steps are frozen
        self._steps = list(steps)
        self._again = 0
        self.left = left

    @property
    def steps(self) -> tuple[RecipeStep, ...]:
        """What was done up to now."""
        return tuple(self._steps)

    def add(self, step: RecipeStep) -> int:
        """Take a step down; return its number, counted from 0."""
        goes_on = isinstance(step, Followed) and step.is_resumed
        if self._again and not goes_on and not isinstance(step, Made):
            self._go_back()
        self._steps.append(self.identified(step) if isinstance(step, Made) else step)
        return len(self._steps) - 1

    def identified(self, made: Made) -> Made:
        """Return the making of a tracker with what is known of its weights."""
        if made.sha256 is None and self._identify:
            made = replace(made, sha256=self._identify(made.model))
            if self._find_base:
                made = replace(made, base=self._find_base(made.model))
        return made

    def count_frame(self, number: int) -> None:
        """Note that a run computed one more frame."""
        run = self._steps[number]
        assert isinstance(run, Followed)
        if self._again and run.is_resumed:
            self._again -= 1
        else:
            self._steps[number] = replace(run, done=run.done + 1)

    def has_run(self, left: UnfinishedRun) -> bool:
        """Whether a run is the last one that was taken down, and came as far.

        Where it went further, nothing may have been said since: it would be said again
        at another moment.
        """
        last = self._last_run()
        if not last:
            return False
        run = self._steps[last[0]]
        assert isinstance(run, Followed)
        if replace(run, is_resumed=False, done=0) != left.run:
            return False
        done = self._done(last)
        is_last = last[0] == len(self._steps) - 1 and self._done(last[1:]) <= left.done
        return done == left.done or (done > left.done and is_last)

    def take_up(self, left: UnfinishedRun) -> None:
        """Note that the last run is gone on with from where it was at a moment.

        It may have gone further before a machine went down: frames that come again are
        not counted twice.
        """
        self._again = self._done(self._last_run()) - left.done

    def _go_back(self) -> None:
        """Take down again what the tracker knows, less the frames that were to come.

        What is said now is said before them. The steps that were there stay, as masks
        come from them.
        """
        again, self._again = self._again, 0
        steps = self.steps
        made = max(n for n, step in enumerate(steps) if isinstance(step, Made))
        told = list(steps[made:])
        for number in reversed(range(len(told))):
            run = told[number]
            if again and isinstance(run, Followed):
                less = min(run.done, again)
                told[number] = replace(run, done=run.done - less)
                again -= less
        self._steps += told

    def _last_run(self) -> list[int]:
        """Return the numbers of the last run, and of those that it goes on with."""
        numbers = []
        for number in reversed(range(len(self._steps))):
            step = self._steps[number]
            if isinstance(step, Followed):
                numbers.append(number)
                if not step.is_resumed:
                    break
        return numbers

    def _done(self, numbers: Iterable[int]) -> int:
        """Return how many frames were computed in some runs."""
        runs = (self._steps[number] for number in numbers)
        return sum(one.done for one in runs if isinstance(one, Followed))
