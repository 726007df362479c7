"""The sessions of a window: one per image and axis, kept while their image is there."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_sam2.control import Topic
from napari_sam2.layers.naming import name_by_axis
from napari_sam2.widgets.sessions.looking import Looking
from napari_sam2.widgets.sessions.session import Session

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from napari_sam2.control import TrackerFactory
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.project.values import Contents
    from napari_sam2.state import Settings
    from napari_sam2.widgets.sessions.qt_lane import QtLane

_PATIENCE_S = 5.0
_LOOK_MS = 50


class Sessions:
    """Goes from one image to another without losing what was said about the first.

    Parameters
    ----------
    viewer : napari.Viewer
    settings : Settings
    lane : QtLane
        Closed by its owner, after :meth:`close`.
    make_tracker : TrackerFactory
    """

    changed = Signal(object)
    """The session that is worked on now, or None."""
    made = Signal(object)
    """A session that is new."""
    closing = Signal(object)
    """A session that is about to be closed."""

    def __init__(
        self,
        viewer: Any,
        settings: Settings,
        *,
        lane: QtLane,
        make_tracker: TrackerFactory,
    ) -> None:
        self._viewer = viewer
        self._settings = settings
        self._lane = lane
        self._make_tracker = make_tracker
        self._all: list[Session] = []
        self._looking: dict[Session, Looking] = {}
        self._is_opening = False
        self.current: Session | None = None

    def open(self, source: ImageSource | None) -> None:
        """Work on an image: where one left it, if it was worked on before."""
        if self._is_opening:
            return
        if source is None:
            self._activate(None)
            return
        session = self._find(source)
        if session is None:
            session = self._begin(source)
        elif session.image.space == source.space:
            self._looking[session].look_at(source)
        self._record(session.image)
        self._activate(session)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Open nothing in the block, whatever layers come and become active."""
        self._is_opening, before = True, self._is_opening
        try:
            yield
        finally:
            self._is_opening = before

    def restore(self, source: ImageSource, contents: Contents) -> Session:
        """Work on what a project keeps about an image, beside what there is.

        Raises
        ------
        ProjectError
            If the contents do not fit the image.
        """
        session = self._make(source, contents)
        self._record(source)
        self._activate(session)
        return session

    def is_worked_on(self, layer: Any, frame_axis: int | None) -> bool:
        """Whether anything was done with an image along an axis."""
        mine = (
            one
            for one in self._all
            if one.image.layer == layer and one.image.frame_axis == frame_axis
        )
        return not all(one.is_untouched for one in mine)

    def must_ask(self, source: ImageSource | None) -> bool:
        """Whether opening this leaves prompts for another axis, for the first time."""
        now = self.current
        return (
            source is not None
            and now is not None
            and not now.is_empty
            and source.layer == now.image.layer
            and source.frame_axis != now.image.frame_axis
            and self._find(source) is None
        )

    def turn(self, source: ImageSource, *, is_kept: bool) -> None:
        """Follow another axis of the image that is worked on.

        Parameters
        ----------
        source : ImageSource
        is_kept : bool
            Whether points come along to where they lie in the image, and everything is
            there again when one goes back. Otherwise what was said is withdrawn, and
            its masks stay as a labels layer of their own.
        """
        before = self.current
        self.open(source)
        after = self.current
        if before is None or after is None or before not in self._all:
            return
        if not is_kept:
            self._close(before)
        elif after.is_empty:
            after.take_along(before)

    def session_of(self, layer: Any) -> Session | None:
        """Return the session that a layer of ours belongs to, while its image is there.

        Without it a session waits only for its run to stop.
        """
        for session in self._all:
            if session.has_image and layer in session.layers:
                return session
        return None

    def activate(self, session: Session) -> None:
        """Work on a session again."""
        self._activate(session)

    def close_orphans(self) -> None:
        """Close the sessions whose image is gone, once their runs have stopped."""
        for session in list(self._all):
            if not session.has_image and session.is_running:
                self._part_from(session)
            elif not session.has_image:
                self._close(session)

    def _part_from(self, session: Session) -> None:
        """Have a run stop: only then is known what it needs to go on another time."""
        if session is self.current:
            self.current = None
            self.changed.emit(None)
        session.controller.stop()
        # Now and then, as others have to hear that the run ended first.
        QTimer.singleShot(_LOOK_MS, self.close_orphans)

    def finish_runs(self) -> None:
        """Stop what runs, and wait a little for the frames that are computed."""
        for session in self._all:
            if session.is_running:
                session.controller.stop()
        self._lane.deliver_until(
            lambda: not any(one.is_running for one in self._all),
            seconds=_PATIENCE_S,
        )

    def exchange(self, layers: Collection[Any]) -> list[str]:
        """Look at the pixels that layers were given; return what to say of it.

        Sessions that they do not fit are closed as if their image were gone.
        """
        said = []
        for session in list(self._all):
            image = session.image
            given = [one for one in (image.layer, *image.beside) if one in layers]
            if not given:
                continue
            fits = session.look_again()
            if not session.is_empty:
                said += [_exchanged(one, session, fits=fits) for one in given]
            if not fits:
                self._close(session)
        return said

    def close(self, *, is_window_gone: bool = False) -> None:
        """Close all sessions; see :meth:`Session.close`."""
        for session in list(self._all):
            self._close(session, is_window_gone=is_window_gone)

    def _find(self, source: ImageSource) -> Session | None:
        """Return where one left the image, on this very plane if the axis stays."""
        now = self.current
        mine = [one for one in self._all if one.image.layer == source.layer]
        same = [one for one in mine if one.image.space == source.space]
        if not same and now in mine and now.image.frame_axis != source.frame_axis:
            same = [one for one in mine if one.image.frame_axis == source.frame_axis]
        return same[-1] if same else None

    def _make_room(self, source: ImageSource) -> None:
        """Give names free that layers have which nothing was done with."""
        now = self.current
        if now is not None and now.is_untouched and now.image.layer == source.layer:
            with self.paused():
                now.take_out_layers()

    def _begin(self, source: ImageSource) -> Session:
        """Make a session; objects that nothing is said about yet come along."""
        before = self.current
        session = self._make(source)
        if before is None or before.image.layer != source.layer:
            return session
        if before.is_empty and before.document.objects:
            session.take_along(before)
        return session

    def _make(self, source: ImageSource, contents: Contents | None = None) -> Session:
        self._make_room(source)
        with self.paused():  # new layers become active on the way
            session = Session(
                self._viewer,
                source,
                self._settings,
                lane=self._lane,
                make_tracker=self._make_tracker,
                contents=contents,
            )
            if self._is_along_another_axis(source):
                name_by_axis(session.layers, source)
        self._all.append(session)
        self._looking[session] = Looking(session, partial(self._on_looked, session))
        self.made.emit(session)
        return session

    def _is_along_another_axis(self, source: ImageSource) -> bool:
        """Whether there is work on an image along an axis that is not this one."""
        return any(
            one.image.layer == source.layer
            and one.image.frame_axis != source.frame_axis
            and not one.is_untouched
            for one in self._all
        )

    def _on_looked(self, session: Session) -> None:
        if session is self.current:
            self._record(session.image)

    def _record(self, source: ImageSource) -> None:
        """Note the choices on the image, for those who keep settings."""
        self._settings.axis = source.frame_axis or 0
        self._settings.channels = source.frames.channels
        self._settings.limits = source.limits
        self._settings.level = source.frames.level

    def _activate(self, session: Session | None) -> None:
        before = self.current
        if session is before:
            return
        self.current = session
        if before is not None:
            before.controller.stop(but=Topic.EXPORT)  # files are written whole
            if before.is_untouched:
                self._close(before)
            else:
                before.show(False)
        self.changed.emit(session)
        if session is not None:
            session.show(True)
            if before is not None and before.image.layer == session.image.layer:
                session.position.face_frames()
            session.begin()

    def _close(self, session: Session, *, is_window_gone: bool = False) -> None:
        self._all.remove(session)
        del self._looking[session]
        if session is self.current:
            self.current = None
            if not is_window_gone:
                self.changed.emit(None)
        self.closing.emit(session)
        session.close(is_window_gone=is_window_gone)


def _exchanged(layer: Any, session: Session, *, fits: bool) -> str:
    masks = session.masks.layer.name
    then = (
        "The model sees the new ones: masks of prompts follow at once, and those of "
        "runs with the next run."
        if fits
        else "They do not fit what was done, so work on them begins anew; what was "
        f"found stays as the layer {masks}."
    )
    return f"The pixels of {layer.name} were exchanged. {then}"
