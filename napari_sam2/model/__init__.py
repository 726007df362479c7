"""SAM 2 and SAM 2.1 as pure ``torch.nn`` modules: arguments in, tensors out.

Nothing here remembers anything between calls, reads a file other than weights, or knows
about frames, objects or users. Attribute names are those of Meta's checkpoints.
"""
