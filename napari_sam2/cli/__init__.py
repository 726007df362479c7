"""The ``napari-sam2`` command: parses, calls the engine and the readers, prints."""
