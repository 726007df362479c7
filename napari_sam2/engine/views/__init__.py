"""Where the model looks: the whole frame, or a window that follows a small object."""
