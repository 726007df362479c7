"""The window: the only place where Qt is used.

``dock``
    :class:`Sam2Dock`, the widget that napari opens. It puts the parts together.
``session``, ``sessions``
    What belongs to one image: document, history, controller, layers, made and taken
    down together; and all of them, kept while their images are there.
``workbench``
    The part of the dock that belongs to one session.
``image_panel``, ``model_panel``, ``objects_panel``, ``prompts_panel``,
``track_panel``, ``review_panel``, ``results_panel``, ``help_panel``
    One part of the dock each.
``timeline``, ``strip``
    The strip that shows all objects on all frames; what it shows, without Qt.
``qt_lane``, ``model_shelf``
    The worker thread, and the trackers that are made on it.
``status_line``, ``problem_box``, ``activity_bar``
    What is going on, and what went wrong, in the dock and in napari's activity dock.
``exporting``
    Files, written on the lane.
``projects``, ``project_opener``, ``project_reader``
    Projects in the dock: saved, opened, and dropped onto napari's window.
``window``
    napari with the dock open, for the command line.
``forms``, ``export_form``, ``settings_form``
    What is filled in: forms of magicgui.
``remembering``
    Settings that are still there the next time.
``repaint``, ``frame_position``, ``links``, ``shortcuts``, ``controls``, ``section``,
``thresholds_form``
    Small parts that others are made of.

Nothing is imported here: napari asks for the dock by its full name.
"""
