"""Where napari meets the rest: plain layer data in and out. No Qt."""
