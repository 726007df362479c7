"""Where napari meets the rest: layers in and out. No Qt, public napari API only.

``image_source``
    ``image_source(layer, *, axis=None, at=None, channels=None, level=0, beside=(),
    every=False) -> ImageSource``: what of an image layer is tracked. ``.layer``,
    ``.seen`` (a lazy ``FrameSource``: of all positions, with the images beside it),
    ``.space`` (where frames lie), ``.axes``, ``.positions``, ``.calibration``
    (positions, frames, rows, columns, for tables), ``.frame_axis``, ``.frame_count``,
    ``.shape_hw``. Also ``contrast_limits(source) -> IntensityLimits | None``. Raises
    ``StackError``.
``image_axes``
    ``image_axes(layer) -> tuple[Axis, ...]`` (``str(axis)`` is ``"T (11)"``),
    ``guess_frame_axis(axes) -> int | None``, ``channel_names(layer)``,
    ``level_sizes(layer)`` of a pyramid.
``coordinates``
    :class:`FrameSpace`: data coordinates ↔ (frame, (y, x)), frames of all positions
    being counted as one row; ``frame_of(point)``, ``describe_frame(frame) -> str``,
    ``displayed_frame(layer, dims) -> int | None``.
``geometry``
    ``copy_geometry(layer) -> dict``: keyword arguments for ``add_labels`` and so on.
    ``follow_geometry(source, layers) -> end``: keeps layers where another one lies.
``palette``
    ``object_rgba(object_id) -> (r, g, b, a)`` in 0…1: the colour of an object anywhere.
``prompt_layers``
    ``PromptLayers(layers, dims, image, document, history, *, on_refused)``; ``.points``
    and ``.boxes`` (plain napari layers), ``.is_positive`` (get/set: polarity of new
    points), ``.add(prompts)``, ``.show()`` (bring removed layers back),
    ``.disconnect()``.
``mask_layer``
    ``MaskLayer(layers, dims, image, document, history, *, on_refused, on_remark)``;
    ``.layer``, ``.apply(frames=None)`` (show these frames anew, by default all that
    changed, if what is displayed is among them), ``.object_at(world_position)``,
    ``.hidden`` (get/set: frozenset of object ids), ``.show()``, ``.disconnect()``.
``tracks_layer``
    ``track_table(document, space) -> TrackTable``, ``add_tracks(layers, image,
    document) -> Tracks``.
``hooks``
    Functions that napari's manifest names.

Behind them: ``layer_frames`` (reading), ``layer_file`` (where a layer came from),
``companions`` (images beside an image), ``project_image`` (layers and projects),
``prompt_rows`` (layers to prompts and back), ``prompt_boxes`` (thousands of boxes, a
few at a time), ``prompt_gestures`` (what the mouse says), ``prompt_style``,
``prompt_clipboard``, ``label_stack`` (the layer's array, drawn when it is looked at)
with ``frame_index`` and ``canvases``, ``painting`` (label images to edits), ``stroke``
(when a stroke ends), ``brush_rest`` (views in which nothing is painted).

``layers`` is ``viewer.layers``, ``dims`` is ``viewer.dims``, ``on_refused`` is called
with a sentence when something that the user did in a layer was taken back.
"""
