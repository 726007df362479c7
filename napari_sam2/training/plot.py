"""Curves of a training log as a picture; needs Matplotlib, from the extra ``train``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.errors import MissingExtraError
from napari_sam2.training.record import read

if TYPE_CHECKING:
    from pathlib import Path

_PANELS = {
    "loss": ("loss",),
    "overlap (J)": (
        "click_j", "best_j", "box_j", "mask_tracked_j", "box_tracked_j",
        "click_tracked_j", "validation_j",
    ),
    "images per second": ("images_per_second",),
}  # fmt: skip


def plot(log: Path, path: Path) -> None:
    """Draw loss, overlap and speed over time into a PNG or SVG file.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            "Plots need Matplotlib: pip install 'napari-sam2[train]'."
        ) from error
    curves = read(log)
    figure = Figure(figsize=(8, 9), layout="constrained")
    for axes, (title, names) in zip(
        figure.subplots(len(_PANELS), sharex=True), _PANELS.items(), strict=True
    ):
        for name in names:
            if curves[name]:
                style = "o-" if name == "validation_j" else "-"
                axes.plot(*zip(*curves[name], strict=True), style, label=name)
        axes.set_ylabel(title)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="best", fontsize="small")
    axes.set_xlabel("minutes")
    figure.savefig(path)
