"""How fast it is here: the parts of the model and whole runs, on this machine.

``measure`` does it all; ``work`` counts what a part computes and moves, ``peaks`` what
the device could do at best, ``breakdown`` puts the two together, and ``table`` and
``record`` are what a person and a program read of it. Frames are generated and weights
that are not on this machine are seeded noise: neither changes how long it takes.
"""
