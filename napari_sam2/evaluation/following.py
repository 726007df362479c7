"""Objects prompted by a simulated user, and followed forward by a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.masks.packing import pack_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.evaluation.masks import Masks
    from napari_sam2.evaluation.user import User


def follow(
    user: User, masks: Masks, token: CancelToken, on_frame: Callable[[], None]
) -> list[dict[int, float]]:
    """Prompt objects, follow them, and correct them as the protocol says.

    Parameters
    ----------
    user : User
    masks : Masks
        Gets what is found.
    token : CancelToken
        Stops before the next frame.
    on_frame : callable
        Called after every frame.

    Returns
    -------
    list of dict of int to float
        After each pass, every object's mean J. There are fewer passes than the protocol
        allows when nothing is left to correct.
    """
    user.begin(token)
    passes: list[dict[int, float]] = []
    for number in range(user.protocol.passes):
        if number and not user.correct_worst(masks):
            break
        for _ in _forward(user, masks, token):
            on_frame()
        if token.is_cancelled:
            break
        passes.append({i: user.mean_j(masks, i) for i in user.todo.ids})
    return passes


def _forward(user: User, masks: Masks, token: CancelToken) -> Iterator[None]:
    """Follow all objects forward from where they start."""
    is_online = user.protocol.correcting == "online"
    for result in user.tracker.propagate(
        direction="forward", frames=user.todo.frames, token=token
    ):
        for one in result:
            masks.put(one.object_id, one.frame, pack_result(one).mask)
            if is_online and user.is_bad(masks, one.object_id, one.frame):
                user.correct(masks, one.object_id, one.frame)
        yield
