"""One file that keeps everything about an image: a project, ``NAME.sam2``.

No Qt, no napari, no torch. Start here:

``reading``, ``writing``
    :func:`read_project` and :func:`write_project`: a file to a :class:`Project` and
    back; what goes wrong is a ``ProjectError`` with a sentence.
``session``
    :func:`project_of` takes a document and settings down; :func:`fill_document` and
    :func:`apply_choices` bring them back.
``autosave``
    :class:`Autosave` keeps a recovery file while somebody works;
    :func:`find_recoverable` finds those of sessions that crashed.
``image``
    :func:`refer_to_image`, :func:`locate_image`, :func:`open_image`: from a project to
    its pixels, also when they moved or changed.
``values``
    :class:`Project` and its parts.

The file is described in :mod:`napari_sam2.project.schema`.
"""
