"""Files: stacks in, masks, tables and pictures out. No torch, no napari.

``reading`` opens stacks, ``writing`` and ``pictures`` make results of masks, and
``files`` sees to it that what was there before is never lost. Beside them lie what goes
in besides stacks (``prompt_file``, ``masks``), and what comes with the package
(``samples``).
"""
