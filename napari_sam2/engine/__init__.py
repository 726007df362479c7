"""Running the model over stacks: devices, weights, caches, memory, tracking.

This package owns everything that has a state or a device. It reads frames through
:class:`napari_sam2.core.frames.FrameSource` and knows no file formats.
"""
