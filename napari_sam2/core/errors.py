"""Errors whose messages are sentences for the person at the microscope.

A message says what happened, to what, and what to do next. None of these derives from
``RuntimeError``: generator workers of Qt libraries swallow that class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Sam2Error(Exception):
    """Base of every error that this package raises on purpose.

    Parameters
    ----------
    message : str
    example : mapping of str to object, optional
        What could be chosen to mend it, by the name of the argument in Python. The
        message speaks of no argument, for commands and windows have others, or names
        it as ``words`` does.
    """

    def __init__(
        self, *message: object, example: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(*message)
        self.example = example or {}

    @property
    def words(self) -> str:
        """What to write in Python."""
        return ", ".join(f"{name}={value!r}" for name, value in self.example.items())

    def with_words(self, words: str) -> str:
        """Return the message with what to write: where Python is, or at its end."""
        if self.words and self.words in str(self):
            return str(self).replace(self.words, words)
        return f"{str(self).removesuffix('.')}: {words}." if words else str(self)


class PromptError(Sam2Error):
    """A prompt cannot be used: outside the image, empty, or contradictory."""


class OutsideError(PromptError):
    """A prompt lies beside the image."""


class NoPromptError(PromptError):
    """There is nothing that says what to segment."""


class FrameError(Sam2Error):
    """A frame does not exist or could not be read."""


class StackError(Sam2Error):
    """A file or array cannot be opened as a stack of frames."""


class MissingExtraError(StackError):
    """An optional package is needed for this file; the message names the extra."""


class OutputError(Sam2Error):
    """A result could not be written; what was there before is untouched."""


class StorageError(Sam2Error):
    """What does not fit into memory cannot be put elsewhere, or not be read there."""


class ProjectError(Sam2Error):
    """A project file cannot be read, written, or followed to its image."""


class ModelError(Sam2Error):
    """A model name is unknown, or its weights are not on this machine."""


class CheckpointError(ModelError):
    """A weights file is broken, unsafe, or of another architecture."""


class DownloadError(ModelError):
    """Weights could not be fetched; nothing half-finished is ever loaded."""


class DeviceError(Sam2Error):
    """The requested device is not available on this machine."""


class GpuMemoryError(DeviceError):
    """The device ran out of memory even with the smallest group of objects."""
