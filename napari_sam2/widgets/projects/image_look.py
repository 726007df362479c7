"""What the image of a session looks like: at a glance at once, in its pixels later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_sam2.layers.project_image import refer_to_layer
from napari_sam2.project import with_known_pixels

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_sam2.control import Lane
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.project.values import ImageReference
    from napari_sam2.widgets.sessions.session import Session


class ImageLook:
    """Has the image of a session looked at where its frames are read.

    Parameters
    ----------
    session : Session
    lane : Lane
        Where frames are read.

    Attributes
    ----------
    reference : ImageReference
        What is known of the image by now.
    """

    taken = Signal(object)
    """The :class:`ImageSource` whose pixels are known from now on."""

    def __init__(self, session: Session, lane: Lane) -> None:
        self.reference = refer_to_layer(session.image)
        self._session = session
        self._lane = lane
        self._looked_at: ImageSource | None = None

    @property
    def has_seen_pixels(self) -> bool:
        """Whether the reference says what the pixels are."""
        seen = self.reference.fingerprint
        return seen is not None and bool(seen.pixels)

    def recall(self, before: ImageReference) -> None:
        """Take over what a project knows of the pixels of the same image."""
        self.reference = with_known_pixels(self.reference, before)

    def begin(self, _: object = None) -> None:
        """Have the pixels looked at, if those of this image were not yet.

        It takes three frames, for which the answer to the first click must not wait.
        """
        if self._looked_at is self._session.image:
            return
        image = self._looked_at = self._session.image

        def job(token: CancelToken) -> Generator[ImageReference]:
            yield refer_to_layer(image, is_read=True)

        def take(reference: ImageReference) -> None:
            if image is self._looked_at:
                self.reference = reference
                self.taken.emit(image)

        # A frame that cannot be read is told of when it is looked at.
        self._lane.submit(job, on_item=take, on_error=lambda _: None)
