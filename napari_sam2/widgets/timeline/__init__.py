"""The strip under *Review*: every object on every frame."""
