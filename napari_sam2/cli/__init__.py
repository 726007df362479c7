"""The ``napari-sam2`` command: parses, calls the engine and the readers, prints.

Every verb has a module that is called like it. ``options`` are the words that several
verbs share, ``jobs`` describe tracking and carry it out, ``progress`` shows how far it
is.
"""
