"""The vocabulary that every other part shares: prompts, results, frames, errors.

Only NumPy is imported here. Nothing in this package computes a mask, reads a file or
draws anything. ``frames`` are the pictures, ``masks`` what is found on them; prompts,
results, axes, positions and errors have modules of their own.
"""
