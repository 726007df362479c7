"""Frames of one stack to image features: read, brought to the model, encoded ahead."""
