"""The folder that a measurement is written to: tables, and the page to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.evaluation import rows
from napari_sam2.evaluation.report import as_html
from napari_sam2.evaluation.table import summary
from napari_sam2.io.files.folder_output import atomic_folder, check_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_sam2.evaluation.report_stack import Section

REPORT = "report.html"
_SUMMARY = "summary.md"
_TABLES = {
    "stacks.csv": rows.stack_rows,
    "objects.csv": rows.object_rows,
    "frames.csv": rows.frame_rows,
    "passes.csv": rows.pass_rows,
}
_FILES = {REPORT, _SUMMARY, *_TABLES}


def check_evaluation(folder: Path, *, overwrite: bool) -> None:
    """Check, before long work, that a folder can be written.

    Raises
    ------
    OutputError
        If it holds something else, or is there and may not be replaced.
    """
    check_folder(folder, _is_ours, overwrite=overwrite)


def write_evaluation(
    folder: Path,
    title: str,
    about: str,
    sections: Sequence[Section],
    *,
    notes: Sequence[str] = (),
    overwrite: bool = False,
) -> None:
    """Write ``report.html``, ``summary.md`` and the tables of all numbers.

    Parameters
    ----------
    folder : Path
    title, about : str
        What was measured, and with what.
    sections : sequence of Section
        The stacks, at least one.
    notes : sequence of str, optional
        Sentences about what is missing.
    overwrite : bool, optional
        Whether a folder that is there may be replaced.

    Raises
    ------
    OutputError
        If it cannot be written; what was there is untouched.
    """
    stacks = [section.stack for section in sections]
    with atomic_folder(folder, _is_ours, overwrite=overwrite) as temporary:
        page = as_html(title, about, sections, notes)
        (temporary / REPORT).write_text(page, "utf-8", errors="replace")
        parts = (f"# {title}", about, *notes, summary(stacks))
        text = "\n\n".join(parts) + "\n"
        (temporary / _SUMMARY).write_text(text, "utf-8", errors="replace")
        for name, table in _TABLES.items():
            text = rows.as_csv(table(stacks))
            (temporary / name).write_text(text, "utf-8", errors="replace")


def _is_ours(path: Path) -> bool:
    return path.name in _FILES
