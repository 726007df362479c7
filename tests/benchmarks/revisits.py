"""Frames that are gone through more than once, on both sides of a comparison."""

from __future__ import annotations

from napari_sam2.benchmarking import ours, reference
from napari_sam2.benchmarking.clock import seconds
from napari_sam2.benchmarking.sessions import Sessions, advance


class Revisits(Sessions):
    """Sessions that are corrected, or gone back through, once they came to the end."""

    def correct_and_rerun(
        self, *, object_id: int, frame: int, yx: tuple[float, float]
    ) -> tuple[float, float]:
        """Click once more, run on from there; return both times in seconds."""

        def theirs() -> None:
            self.click_theirs(object_id, frame, yx)
            run = reference.propagate(self.predictor, self.state, start=frame)
            advance(run, self.frame_count)

        def mine() -> None:
            self.click_ours(object_id, frame, yx)
            rest = range(frame, self.frame_count)
            run = ours.propagate(self.tracker, rest, objects=[object_id])
            advance(run, self.frame_count)

        return seconds(theirs), seconds(mine)

    def second_pass(self) -> tuple[float, float]:
        """Click on the last frame, too, and go back; return seconds per frame.

        Both sides must have gone forward through all frames.
        """
        last = self.frame_count - 1
        self.click_all(last)

        def theirs() -> None:
            run = reference.propagate(
                self.predictor, self.state, start=last, is_reverse=True
            )
            advance(run, self.frame_count)

        def mine() -> None:
            frames = range(self.frame_count)
            run = ours.propagate(self.tracker, frames, direction="backward")
            advance(run, self.frame_count)

        return seconds(theirs) / last, seconds(mine) / last
