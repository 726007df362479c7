"""Fine-tuning in the background: what is learnt from, how it goes, the adapter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_sam2.control import Topic
from napari_sam2.core.adapter_card import ADAPTER_SUFFIX
from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import OutputError
from napari_sam2.engine.weights import adapters_folder
from napari_sam2.io.files.free_path import free_path
from napari_sam2.layers.layer_file import image_name
from napari_sam2.widgets.sessions.model_shelf import let_threads_rest

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from napari_sam2.control.ports import Job
    from napari_sam2.core.adapter_card import EncoderTuning
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.finetuning.adapting import Adapted
    from napari_sam2.finetuning.course import Report
    from napari_sam2.finetuning.work import Work
    from napari_sam2.widgets.sessions.session import Session


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants.

    Attributes
    ----------
    name : str
        Of the adapter, without its ending.
    minutes : float
        At most.
    encoder : {"frozen", "low-rank"}
    """

    name: str
    minutes: float
    encoder: EncoderTuning


class Tuner:
    """Adapts the chosen model to a session's masks, on the lane.

    What stops runs stops this as well, and the best so far is kept. An adapter that is
    better than its base becomes the chosen model.

    Parameters
    ----------
    session : Session
    """

    reported = Signal(object)
    """How far it has come: a :class:`napari_sam2.finetuning.course.Report`."""
    ended = Signal(str)
    """What came of it, in a sentence."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def start(self, wish: Wish) -> None:
        """Begin; whatever goes wrong is shown where problems are."""
        path = free_path(adapters_folder() / f"{wish.name}{ADAPTER_SUFFIX}")
        found = _Found()
        settings = self._session.controller.settings

        def end() -> None:
            if found.adapted is not None and found.adapted.card is not None:
                settings.model = str(found.adapted.path)
            self.ended.emit(found.in_words())

        self._session.controller.other_work.do(
            self._job(wish, path, found),
            topic=Topic.TUNING,
            on_item=self.reported.emit,
            on_end=end,
            outcome=lambda: "Fine-tuning is over.",
        )

    def _job(self, wish: Wish, path: Path, found: _Found) -> Job[Progress | Report]:
        """Return what is to be done, with everything as it is now."""
        settings, work = self._session.controller.settings, self._take_work()
        model, device, size = settings.model, settings.device, settings.image_size

        def job(token: CancelToken) -> Generator[Progress | Report]:
            let_threads_rest()
            from napari_sam2.finetuning.adapting import TuningOrder, adapt
            from napari_sam2.finetuning.course import TuningOptions
            from napari_sam2.finetuning.work import truth_of_work

            yield Progress(0, 0, "Reading your masks")
            _make_folder(path.parent)
            order = TuningOrder(
                stacks=truth_of_work(work), output=path, model=model, device=device,
                image_size=size or None,
                options=TuningOptions(minutes=wish.minutes, encoder=wish.encoder),
            )  # fmt: skip
            yield from _watched(adapt(order, token), token, found)

        return job

    def _take_work(self) -> Work:
        """Take everything down that is learnt from, as it is now."""
        from napari_sam2.finetuning.work import Work

        session, document = self._session, self._session.document
        return Work(
            name=image_name(session.image.layer),
            frames=session.controller.frames,
            series_length=document.series_length,
            limits=session.image.limits,
            masks=document.masks.copy(),
            prompts=dict(document.prompts),
            corrects_bleaching=session.controller.settings.corrects_bleaching,
        )


@dataclass(slots=True)
class _Found:
    """What came of it, once it is over."""

    adapted: Adapted | None = None

    def in_words(self) -> str:
        """Return a sentence."""
        if self.adapted is None:
            return "Nothing was learnt."
        from napari_sam2.finetuning.wording import outcome_in_words

        words = outcome_in_words(self.adapted)
        is_chosen = self.adapted.card is not None
        return (
            f"{words.rstrip('.')}. It is the chosen model now." if is_chosen else words
        )


def _watched(
    steps: Generator[Report, None, Adapted], token: CancelToken, found: _Found
) -> Generator[Progress | Report]:
    """Yield how it goes; when nobody wants more, keep the best so far."""
    from napari_sam2.finetuning.wording import marks_in_words

    try:
        while True:
            report = next(steps)
            said = report.doing, marks_in_words(report), report.notice
            words = " · ".join(filter(None, said))
            yield Progress(0, 0, words)
            yield report
    except StopIteration as end:
        found.adapted = end.value
    except GeneratorExit:
        token.cancel()
        try:
            while True:
                next(steps)
        except StopIteration as end:
            found.adapted = end.value
        raise


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be made: {error.strerror or error}."
        ) from error
