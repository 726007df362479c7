"""Opens thousands of damaged files; run by test_reader_fuzz in a process of its own.

``python -m tests.io.reader_fuzz FOLDER CASES KIND [KIND ...]`` prints what it is about
to do before it does it, so that the last line tells what a crash was about.
``python -m tests.io.reader_fuzz bombs FILE [FILE ...]`` opens and reads whole files.
"""

from __future__ import annotations

import gc
import logging
import random
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from napari_sam2.core.errors import Sam2Error
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from tests.io.damaged_files import MADE

# A whole case of tiny files takes milliseconds.
LONGEST_SECONDS = 10.0
MOST_MEMORY = 1 << 30


def damaged(data: bytes, rng: random.Random, cases: int) -> Iterator[tuple[str, bytes]]:
    """Cut, flip and fill with large numbers, at places that a seed chooses."""
    size = len(data)
    for number in range(cases):
        # headers are at the start mostly, tables of contents at the end
        region = rng.choice([min(size, 64), min(size, 600), size])
        at = rng.randrange(region)
        at = at if rng.random() < 0.8 else size - 1 - at
        changed = bytearray(data)
        way = number % 3
        if way == 0:
            yield f"cut at {at}", data[:at]
        elif way == 1:
            for _ in range(rng.choice([1, 1, 4, 16])):
                near = min(size - 1, at + rng.randrange(64))
                changed[near] ^= 1 << rng.randrange(8)
            yield f"bits flipped from {at}", bytes(changed)
        else:
            width, fill = rng.choice([1, 2, 4, 8]), rng.choice([0, 0x7F, 0xFF])
            changed[at : at + width] = bytes([fill] * width)
            yield f"{width} bytes of {fill} at {at}", bytes(changed[:size])


def read_some(path: Path) -> str:
    """Open and read like a user; only sentences may come out of it."""
    try:
        stack = open_stack(path)
    except Sam2Error as error:
        return checked(str(error))
    try:
        frames = stack_frames(stack)
        count = len(frames)
        for frame in {0, count // 2, count - 1}:
            pixels = frames[frame]
            assert pixels.shape[:2] == frames.shape_hw, (pixels.shape, frames.shape_hw)
            assert pixels.dtype == frames.dtype
    except Sam2Error as error:
        return checked(str(error))
    finally:
        stack.close()
    return "read"


def checked(sentence: str) -> str:
    """Fail for what is no sentence."""
    assert "Traceback" not in sentence, sentence
    assert "\n" not in sentence, sentence
    assert 10 < len(sentence) < 1500, sentence
    assert sentence.endswith((".", ")")), sentence
    return "told"


def limit_memory() -> None:
    """Let no allocation of hundreds of megabytes succeed, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    status = Path("/proc/self/statm")
    if status.exists():
        used = int(status.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MOST_MEMORY,) * 2)


def fuzz(kind: str, folder: Path, cases: int) -> None:
    folder.mkdir()
    target, path = MADE[kind](folder)
    assert read_some(path) == "read", f"the whole file of {kind} is not read"
    whole, told = target.read_bytes(), 0
    every = damaged(whole, random.Random(kind), cases)
    for number, (name, data) in enumerate(every):
        print(kind, name, flush=True)
        target.write_bytes(data)
        began = time.monotonic()
        told += read_some(path) == "told"
        took = time.monotonic() - began
        assert took < LONGEST_SECONDS, f"{took:.1f} seconds"
        if number % 5 == 0:  # threads of decoders take up address space until then
            gc.collect()
    assert told > cases // 10, f"only {told} of {cases} were noticed"


def read_bombs(paths: list[Path]) -> None:
    """Read them all and print how much memory that took at most, in MiB."""
    before = peak_memory()
    for path in paths:
        print(path, flush=True)
        assert read_some(path) in ("told", "read")
    print(peak_memory() - before)


def peak_memory() -> int:
    """Return the most memory that this process ever had, in MiB; 0 if unknown."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    unit = 1 << (20 if sys.platform == "darwin" else 10)
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit)


def main(words: list[str]) -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    if words[0] == "bombs":
        read_bombs([Path(word) for word in words[1:]])
        return
    limit_memory()
    for kind in words[2:]:
        fuzz(kind, Path(words[0]) / kind, int(words[1]))
    print("done")


if __name__ == "__main__":
    main(sys.argv[1:])
