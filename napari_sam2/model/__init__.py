"""SAM 2 and SAM 2.1 as pure ``torch.nn`` modules: arguments in, tensors out.

``sam2`` is the whole of it, ``config`` the table of released variants, and
``checkpoint`` makes a model of a file of weights. Nothing here remembers anything
between calls, reads a file other than weights, or knows about frames, objects or users.
Attribute names are those of Meta's checkpoints.
"""
