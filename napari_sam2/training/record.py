"""The log of a stage: one line of figures per interval, in a CSV file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    "minutes", "batches", "images", "rate", "loss", "images_per_second",
    "drawing_share", "click_j", "best_j", "box_j", "click_corrected_j",
    "box_corrected_j", "mask_tracked_j", "box_tracked_j", "click_tracked_j",
    "presence", "absent", "edges", "kinship", "validation_j",
)  # fmt: skip


def append(path: Path, figures: dict[str, float]) -> None:
    """Add a line to a log, and the heading when it is new.

    Parameters
    ----------
    path : Path
    figures : dict of str to float
        By column; what is left out stays empty.
    """
    is_new = not path.is_file()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if is_new:
            writer.writeheader()
        writer.writerow({name: f"{value:.5g}" for name, value in figures.items()})


def read(path: Path) -> dict[str, list[tuple[float, float]]]:
    """Return every column as (minutes, value) pairs, without its empty cells."""
    curves: dict[str, list[tuple[float, float]]] = {name: [] for name in COLUMNS}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for name in COLUMNS:
                if row.get(name):
                    curves[name].append((float(row["minutes"]), float(row[name])))
    return curves
