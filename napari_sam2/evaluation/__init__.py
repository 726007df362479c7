"""How good the masks of a model are: stacks with known masks, protocols, measures.

Stacks with their true masks are found in :mod:`napari_sam2.evaluation.layouts`, objects
and frames are chosen in ``assignment``, prompted in ``asking`` and followed in
``following``; ``measures`` are pure functions of masks. What a person reads of it is
written by ``table``, ``rows`` and ``report``.
"""
