"""The window: the only place where Qt is used.

``dock``
    :class:`Sam2Dock`, the widget that napari opens. It puts the parts together.
``workbench``
    The part of the dock that belongs to one session.
``window``, ``project_reader``
    napari with the dock open, for the command line; and projects that are dropped onto
    napari's own window.
``panels``
    One part of the dock each, from the choice of an image to the help, and the forms
    and questions that unfold from them.
``projects``
    Projects: opened, saved, kept while one works, and offered again after a crash; and
    the questions after images that are not where they were.
``tables``, ``timeline``
    The table of measurements; the strip that shows all objects on all frames.
``sessions``
    What belongs to one image: document, history, controller and layers, made and taken
    down together. The threads that jobs run on, and the jobs that need a session:
    export, tuning, trackers that are made.
``controls``
    Small parts that others are made of, the line of status, and settings that are still
    there the next time.

Each of these imports only what comes after it in the contracts of ``pyproject.toml``.
Nothing is imported here: napari asks for the dock by its full name.
"""
