"""How soon the dock opens, and the window answers while objects are followed.

Needs a screen. Opening is measured in the window's own computing time, which other work
on the machine does not change; torch is loaded in the background.

python -m tests.benchmarks.bench_window
"""

from __future__ import annotations

import time

import napari
from qtpy.QtWidgets import QApplication

from tests.benchmarks.delays import measure, spin


def main() -> None:
    viewer = napari.Viewer()
    QApplication.processEvents()
    begun = time.thread_time()
    from napari_sam2.widgets.dock import Sam2Dock

    imported = time.thread_time()
    dock = Sam2Dock(viewer)
    viewer.window.add_dock_widget(dock, name="SAM 2")
    QApplication.processEvents()
    shown = time.thread_time()
    print(f"imported in {imported - begun:.2f} s, shown {shown - imported:.2f} s later")
    dock.open_sample("cells3d_nuclei")
    session = dock.sessions.current
    assert session is not None
    spin(lambda: len(session.document.masks) < 6 or session.controller.status.is_busy)
    status = session.controller
    print(measure(dock.workbench.track.run, lambda: status.status.is_busy))
    print(dock.status_line.message)
    viewer.close()


if __name__ == "__main__":
    main()
