"""What was found, as text for a person: tables with units in their first rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.benchmarking.breakdown import REST, break_down, flops_per_frame, roof
from napari_sam2.benchmarking.comparison import table as comparison_table
from napari_sam2.core.wording import counted
from napari_sam2.evaluation.markup import as_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_sam2.benchmarking.machine import Machine
    from napari_sam2.benchmarking.peaks import Peaks
    from napari_sam2.benchmarking.results import (
        ClickTime,
        Findings,
        PartTime,
        RunTime,
    )

_NONE = "–"
_TOLD = 0.005  # share of a frame that is shown
_BUSY = 0.1  # share of the processors that others take before it is worth a warning
_EXPLANATION = """\
GFLOP: what matrix products, convolutions and attentions compute, counted by PyTorch.
MB: what all operators read and write, each by itself. Limit: which of the two takes
longer at the peaks above; % of limit: that least time over the time taken, more than
100 where data stay in caches. Times are medians after a warm-up."""


def as_text(found: Findings) -> str:
    """Write everything that was found."""
    return "\n\n".join(_sections(found))


def _sections(found: Findings) -> Iterator[str]:
    yield _heading(found)
    if found.parts:
        yield f"Parts\n\n{as_markdown(list(_part_rows(found)))}\n\n{_EXPLANATION}"
    if found.clicks is not None:
        yield f"A click\n\n{as_markdown(list(_click_rows(found.clicks)))}"
    if found.runs:
        yield f"Tracking\n\n{as_markdown(list(_run_rows(found)))}\n\n{_memory(found)}"
        yield (
            "Where the time of a frame goes, in ms and in % of the frame\n\n"
            f"{as_markdown(list(_breakdown_rows(found)))}"
        )
        yield from _longer_than_frames(found)
    if found.against:
        yield f"Against Meta's sam2\n\n{comparison_table(found.against)}"


def _heading(found: Findings) -> str:
    weights = "seeded noise as weights" if found.is_seeded else "its own weights"
    how = f"{found.quality}, {found.image_size} px, {found.dtype}"
    lines = [f"{found.model}, {how}, {weights}"]
    if found.machine is not None:
        lines += _machine_lines(found.machine)
    if found.peaks is not None:
        lines.append(_peak_line(found.peaks))
    return "\n".join(lines)


def _machine_lines(machine: Machine) -> Iterator[str]:
    yield (
        f"{machine.device}, {machine.system}, {machine.cores} cores, "
        f"{machine.threads} threads, "
        + ", ".join(f"{name} {number}" for name, number in machine.versions.items())
    )
    load = (
        f"load average {machine.load_before:.1f}, at the end {machine.load_after:.1f}"
    )
    others = f"other programs took {machine.others_share:.0%} of the processors"
    is_busy = machine.others_share > _BUSY
    yield f"{load}; {others}" + (", so times are too long" if is_busy else "")


def _peak_line(peaks: Peaks) -> str:
    return (
        f"peaks: a large matrix product {peaks.flops_per_second / 1e9:,.0f} GFLOP/s, a "
        f"large copy {peaks.bytes_per_second / 1e9:,.1f} GB/s"
    )


def _part_rows(found: Findings) -> Iterator[list[str]]:
    yield [
        "part", "objects", "memories", "ms", "GFLOP", "MB", "GFLOP/s", "% of peak",
        "limit", "% of limit",
    ]  # fmt: skip
    for part in found.parts:
        where = [str(part.objects or _NONE), str(part.memories or _NONE)]
        yield [part.name, *where, _ms(part.seconds), *_work_cells(found, part)]


def _work_cells(found: Findings, part: PartTime) -> list[str]:
    if part.work is None or found.peaks is None:
        return [_NONE] * 6
    against = roof(part.work, part.seconds, found.peaks)
    return [
        _figures(part.work.flops / 1e9),
        _figures(part.work.nbytes / 1e6),
        _figures(against.flops_per_second / 1e9),
        f"{100 * against.peak_share:.0f}",
        "memory" if against.is_memory_bound else "arithmetic",
        f"{100 * against.roof_share:.0f}",
    ]


def _click_rows(clicks: ClickTime) -> Iterator[list[str]]:
    yield ["frame", "ms", "parts", "ms of the parts", "ratio"]
    for frame, seconds, parts, least in (
        ("not seen before", clicks.unseen, "encoder + decoder", clicks.least_unseen),
        ("seen before", clicks.seen, "decoder", clicks.least_seen),
    ):
        yield [frame, _ms(seconds), parts, _ms(least), f"{seconds / least:.2f}"]


def _run_rows(found: Findings) -> Iterator[list[str]]:
    yield [
        "objects", "frames/s", "ms per frame", "GFLOP per frame", "GFLOP/s",
        "% of peak", "peak MiB", "frames", "of them warm-up",
    ]  # fmt: skip
    for run in found.runs:
        flops = flops_per_frame(found, run)
        rate = flops / run.seconds
        peak = found.peaks.flops_per_second if found.peaks else rate
        yield [
            str(run.objects), _figures(1 / run.seconds), _ms(run.seconds),
            _figures(flops / 1e9), _figures(rate / 1e9), f"{100 * rate / peak:.0f}",
            f"{run.peak_bytes / 2**20:.0f}", str(run.frames), str(run.warm_up),
        ]  # fmt: skip


def _memory(found: Findings) -> str:
    is_processor = found.machine is not None and found.machine.device == "CPU"
    what = "the process so far, with all that it loaded" if is_processor else "the GPU"
    return f"Peak memory is that of {what}."


def _breakdown_rows(found: Findings) -> Iterator[list[str]]:
    yield ["part", *(counted(run.objects, "object") for run in found.runs)]
    columns = [break_down(found, run) for run in found.runs]
    for name in columns[0]:
        both = zip(columns, found.runs, strict=True)
        yield [name, *(_share(name, column, run) for column, run in both)]
    yield ["frame", *(f"{_ms(run.seconds)} (100 %)" for run in found.runs)]


def _share(name: str, column: Mapping[str, float], run: RunTime) -> str:
    """Write a part's time, and its share of frames where parts add up to them."""
    if _is_less_than_nothing(column[REST], run):
        return _NONE if name == REST else _ms(column[name])
    seconds = max(0.0, column[name])
    return f"{_ms(seconds)} ({100 * seconds / run.seconds:.0f} %)"


def _is_less_than_nothing(seconds: float, run: RunTime) -> bool:
    """Whether the parts, measured one by one, took longer than the frame."""
    return seconds < -_TOLD * run.seconds


def _longer_than_frames(found: Findings) -> Iterator[str]:
    for run in found.runs:
        rest = break_down(found, run)[REST]
        if _is_less_than_nothing(rest, run):
            yield (
                f"With {counted(run.objects, 'object')} the parts take "
                f"{1 - rest / run.seconds:.2f} times as long as the frame: "
                "they are\nmeasured one by one, and in a "
                "frame some go on at once, or the machine was busier then."
            )


def _ms(seconds: float) -> str:
    return _figures(1000 * seconds)


def _figures(value: float) -> str:
    """Write three figures, or all that stand before the point."""
    size = abs(value)
    return f"{value:.{0 if size >= 100 else 1 if size >= 10 else 2}f}"
