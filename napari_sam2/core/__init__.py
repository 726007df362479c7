"""The vocabulary that every other part shares: prompts, results, frames, errors.

Only NumPy is imported here. Nothing in this package computes a mask, reads a file or
draws anything.
"""
