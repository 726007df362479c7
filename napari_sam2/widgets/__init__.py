"""The window: the only place where Qt is used.

``dock``
    :class:`Sam2Dock`, the widget that napari opens. It puts the parts together.
``session``
    :class:`Session`: document, history, controller and layers of one image, made and
    taken down together.
``image_panel``, ``model_panel``, ``objects_panel``, ``prompts_panel``,
``track_panel``, ``review_panel``, ``results_panel``, ``help_panel``
    One part of the dock each.
``timeline``, ``strip``
    The strip that shows all objects on all frames; what it shows, without Qt.
``qt_lane``, ``model_shelf``
    The worker thread, and the trackers that are made on it.
``exporting``
    Files, written on the lane.
``repaint``, ``frame_position``, ``links``, ``shortcuts``, ``controls``
    Small parts that others are made of.

Nothing is imported here: napari asks for the dock by its full name.
"""
