"""From what the user wants to what the document shows; heavy work goes to a lane.

No Qt, no napari, no torch. Start here:

``controller``
    :class:`Controller`: ``run``, ``stop``, ``prepare``, ``take_labels``; ``status``.
    Prompts need no call: it listens to the document and answers what is unanswered.
``ports``
    The :class:`Lane` where jobs run one after the other, the :class:`Tracker` they use,
    and the :class:`TrackerFactory` that makes it. The window brings its own.
``inline_lane``
    A lane without a thread, for scripts and tests.
``status``
    :class:`Status`: idle, loading, running…; progress; the reason of a failure.
``downloads``
    :class:`Downloads`: weights, beside the work.
``task``
    :class:`Task`, what lanes are built of.

Behind the controller: ``dispatch`` (jobs and the status), ``requesting`` (what a
tracker is made from), ``prompting`` (answers), ``running`` (runs), ``everywhere`` (runs
through all positions), ``crossing``, ``fusing`` and ``workplace`` (runs along several
axes), ``travelling`` (undo and redo), ``merging`` (objects), ``importing`` (labels),
``snapshot``, ``session`` and ``remembered`` (keeping the tracker in agreement with the
document, by comparing), ``told_tracker`` and ``recording`` (every step done once, and
taken down so that it can be done again).

>>> controller = Controller(
...     history, settings, frames, lane=InlineLane(), make_tracker=make_tracker
... )
>>> history.do(edits.set_prompts(document, 1, 0, said))  # its mask appears
>>> controller.run()  # and so do the other frames
"""

from napari_sam2.control.controller import Controller
from napari_sam2.control.downloads import Downloads
from napari_sam2.control.inline_lane import InlineLane
from napari_sam2.control.ports import (
    Job,
    Lane,
    Tracker,
    TrackerFactory,
    TrackerRequest,
)
from napari_sam2.control.recording import Recorder
from napari_sam2.control.status import Activity, Status, Topic, explain, is_foreseen
from napari_sam2.control.task import Task

__all__ = [
    "Activity",
    "Controller",
    "Downloads",
    "InlineLane",
    "Job",
    "Lane",
    "Recorder",
    "Status",
    "Task",
    "Topic",
    "Tracker",
    "TrackerFactory",
    "TrackerRequest",
    "explain",
    "is_foreseen",
]
