"""Running the model over stacks: devices, weights, caches, memory, tracking.

This package owns everything that has a state or a device. It reads frames through
:class:`napari_sam2.core.frames.source.FrameSource` and knows no file formats. Start
here:

``loading``
    From a name, a file or a folder to a network on a device; ``weights`` finds them,
    ``onnx`` and ``compiled`` are other ways to compute.
``predictor``
    Single images.
``tracker``
    The video session; ``prompter`` is the part of it that answers prompts, and
    ``position_trackers`` makes one session of many stacks.

A frame comes through ``frames`` (read, brought to the model, encoded) and is looked at
through ``views``. ``objects`` knows what was said and is remembered of each object,
``runs`` goes from frame to frame, ``masks`` turns logits into answers, and
``kept_runs`` takes a stopped run to another process.
"""
