"""Adapting a model to a user's own corrected masks.

The mask decoder and the memory modules learn; the image encoder stays as it is, or
learns changes of low rank. What comes out is a small adapter, which
:func:`napari_sam2.load_model` merges into its base. From masks to a file:

``sources``, ``work``
    Label stacks and folders of them, and projects and sessions, to
    :class:`~.truth.TruthStack`.
``split``
    Frames to learn from, and blocks of frames held out.
``lessons``
    Seeded clips: where they begin, what is asked, how the picture is altered.
``showing``, ``learning``
    Their features, and what a clip teaches.
``pupil``
    Which weights learn, and the changes that are written.
``judging``
    J on the held-out frames, with the engine that users have.
``course``, ``tuning``
    How to learn, and learning until it is enough: :func:`~.tuning.tune`.
``adapting``
    All of it, from masks to a file: :func:`~.adapting.adapt`.

Nothing else imports this package before it is used. No Qt, no napari.
"""
