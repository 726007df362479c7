"""Words of the command line to values: ranges, channels, limits, places, mask files.

Points and boxes are :mod:`napari_sam2.core.prompt_text`'s.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from napari_sam2.cli.options.numbers import as_whole
from napari_sam2.core.errors import Sam2Error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_sam2.core.axes import Axis

_FLAG = re.compile(r"--\w[\w-]*")
_NEGATIVE = re.compile(r"-(\d|\.\d|inf\b|nan\b)", re.IGNORECASE)
_MASK = re.compile(r"((?:\w+=\d+,)*)(?:(\w+=\d+|\d+):)?(.+)", re.DOTALL)


class UsageError(Sam2Error):
    """The words of a command make no sense."""


class _Store(argparse.Action):
    """Stores a value, and notes that it was given: it may be that of the default."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        _option: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, values)
        if self.option_strings:  # others are stored whether they are given or not
            namespace.given = frozenset({*getattr(namespace, "given", ()), self.dest})


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are sentences like all others.

    What it returns says in ``given`` which options with one value were given.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.register("action", None, _Store)
        self.register("action", "store", _Store)

    def parse_known_args(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        namespace: argparse.Namespace | None = None,
    ) -> tuple[argparse.Namespace, list[str]]:
        """Complain of unknown words for the verb they are given to, not for all."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise UsageError(f"{message[:1].upper()}{message[1:]}. See {self.prog} --help.")


@dataclass(frozen=True, slots=True)
class FrameSpan:
    """Frames as they were asked for: ``start`` included, ``stop`` not; None is open."""

    start: int | None = None
    stop: int | None = None

    def within(self, count: int) -> range:
        """Return the frames in a stack of ``count`` frames.

        Raises
        ------
        UsageError
            If the span is empty or reaches beyond the stack.
        """
        start = 0 if self.start is None else self.start
        stop = count if self.stop is None else self.stop
        if stop > count or start >= count:
            raise UsageError(
                f"--frames {self} reaches beyond the stack: it has {count} frames, 0 "
                f"to {count - 1}, so all of them are 0:{count}."
            )
        if start >= stop:
            raise UsageError(
                f"--frames {self} is no frame at all: in A:B the frame B is not "
                "included, and A must be smaller."
            )
        return range(start, stop)

    def along(self, axis: Axis) -> range:
        """Return the positions along an axis, which may not have all of them."""
        stop = axis.size if self.stop is None else self.stop
        return range(0 if self.start is None else self.start, stop)

    def __str__(self) -> str:
        """Write as ``A:B``."""
        return ":".join("" if end is None else str(end) for end in _ends(self))


def _ends(span: FrameSpan) -> tuple[int | None, int | None]:
    return span.start, span.stop


@dataclass(frozen=True, slots=True)
class MaskFile:
    """A file of masks, their frame if it is said, and their position."""

    path: Path
    frame: int | None = None
    at: Mapping[str, int] = field(default_factory=dict)


def parse_frames(text: str) -> FrameSpan:
    """Read ``A:B``; either end may be left out."""
    span = as_span(text)
    if span is None:
        raise UsageError(
            f"--frames {text} cannot be read: write A:B for the frames from A up to, "
            "but without, B, counted from 0; for example 0:50, or 50: for the rest."
        )
    return span


def as_span(text: str) -> FrameSpan | None:
    """Read ``A:B``, of which either end may be left out; None where it is no span."""
    start, colon, stop = text.partition(":")
    ends = [as_whole(end) if end else None for end in (start, stop)]
    is_read = (
        end is not None or not word
        for end, word in zip(ends, (start, stop), strict=True)
    )
    return FrameSpan(*ends) if colon and all(is_read) else None


def parse_axes(text: str) -> tuple[str, ...]:
    """Read ``z,y,x``."""
    axes = tuple(field.strip().lower() for field in text.split(","))
    if not all(axes) or not 2 <= len(set(axes)) == len(axes) <= 3:
        raise UsageError(
            f"--axes {text} cannot be read: write two or three different axes, such as "
            "z,y,x."
        )
    return axes


def parse_channels(text: str) -> tuple[int, ...]:
    """Read ``0,2``."""
    numbers = [as_whole(field) for field in text.split(",")]
    channels = tuple(number for number in numbers if number is not None)
    if len(channels) < len(numbers):
        raise UsageError(
            f"--channels {text} cannot be read: write one to three channel numbers, "
            "counted from 0, such as 0 or 0,2."
        )
    return channels


def parse_limits(text: str) -> tuple[float, float]:
    """Read ``LOW,HIGH``."""
    try:
        low, high = (float(field) for field in text.split(","))
    except ValueError:
        raise UsageError(
            f"--limits {text} cannot be read: write LOW,HIGH, the intensities shown as "
            "black and as white, such as 100,4000."
        ) from None
    return low, high


def parse_place(text: str) -> tuple[str, int]:
    """Read ``AXIS=INDEX``."""
    axis, _, number = text.partition("=")
    index = as_whole(number)
    if not axis.strip() or index is None:
        raise UsageError(
            f"--at {text} cannot be read: write AXIS=INDEX, such as z=3; indices are "
            "counted from 0."
        )
    return axis.strip().lower(), index


def parse_every(text: str) -> tuple[str, FrameSpan]:
    """Read ``AXIS`` or ``AXIS=A:B``."""
    axis, equals, part = text.partition("=")
    span = as_span(part) if equals else FrameSpan()
    if not axis.strip() or span is None:
        raise UsageError(
            f"--every {text} cannot be read: write an axis such as t, or AXIS=A:B for "
            "the positions from A up to, but without, B, counted from 0."
        )
    return axis.strip().lower(), span


def parse_mask(text: str) -> MaskFile:
    """Read ``FILE``, ``FRAME:FILE`` or ``AXIS=INDEX,FRAME:FILE``."""
    match = _MASK.fullmatch(text)
    if match is None:
        raise UsageError("--mask needs the name of a file, or FRAME:FILE.")
    fields = [*match[1].split(","), match[2] or ""]
    at = dict(parse_place(one) for one in fields if "=" in one)
    return MaskFile(Path(match[3]), as_whole(fields[-1]), at)


def with_negative_values(words: Sequence[str]) -> list[str]:
    """Join ``--limits -100,200`` to one word: argparse takes the value for a flag.

    No value of ours has to be negative but limits; what is wrong with others can be
    told better than that they are flags.
    """
    joined: list[str] = []
    for word in words:
        if joined and _FLAG.fullmatch(joined[-1]) and _NEGATIVE.match(word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined
