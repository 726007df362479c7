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
tracker is made from), ``prompting`` (answers), ``importing`` (labels), ``session`` (a
tracker, on the lane), and

``runs``
    Runs as users see them: begun, stopped, gone on with, each one undo step.
``telling``
    The tracker kept in agreement with the document, by comparing; every step is taken
    down, so that it can be done again.
``volumes``
    Runs along several axes of a volume, and the fusion of what they find.
``positions``
    Runs through all positions: what seeds what, and in which order.

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
from napari_sam2.control.status import Activity, Status, Topic, explain, is_foreseen
from napari_sam2.control.task import Task
from napari_sam2.control.telling.recording import Recorder

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
