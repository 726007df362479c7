"""What a session is: objects, what was said about them, their masks, and the way back.

No Qt, no napari, no torch; psygnal tells who listens. Start here:

``document``
    :class:`Document`, the only truth. Read it, listen to its four signals.
``edits``
    Pure functions that make an :class:`Edit` of what the user does: ``add_object``,
    ``remove_object``, ``rename_object``, ``set_prompts``, ``paint_mask``,
    ``mark_absent``, ``set_flags``, ``set_results``. They check, and raise sentences.
``history``
    :class:`History`: ``history.do(edit, gesture=...)`` makes an edit that can be
    undone; ``undo``, ``redo``.
``spill``
    :class:`Spill`: where pixels and old steps go that would take too much memory.
``masks``
    :class:`FrameMask`: an object on a frame, with confidence, origin and flags.
``reviewer``
    :class:`Reviewer`: which masks deserve a look, and why; the worst first.
``settings``
    :class:`Settings`, the evented choices.

>>> document = Document(frame_count=50, shape_hw=(512, 512))
>>> history = History(document)
>>> history.do(edits.add_object(document, name="nucleus"))
>>> said = FramePrompts(points_yx=((120, 88),), positive=(True,))
>>> history.do(edits.set_prompts(document, 1, 0, said))
>>> history.undo()
True
"""

from napari_sam2.state import edits
from napari_sam2.state.document import Document
from napari_sam2.state.edit import Edit, TrackedObject
from napari_sam2.state.history import History
from napari_sam2.state.mask_table import MaskTable
from napari_sam2.state.masks import FrameMask, Origin, Place
from napari_sam2.state.reviewer import Reviewer
from napari_sam2.state.settings import Settings
from napari_sam2.state.spill import Spill
from napari_sam2.state.thresholds import ReviewThresholds

__all__ = [
    "Document",
    "Edit",
    "FrameMask",
    "History",
    "MaskTable",
    "Origin",
    "Place",
    "ReviewThresholds",
    "Reviewer",
    "Settings",
    "Spill",
    "TrackedObject",
    "edits",
]
