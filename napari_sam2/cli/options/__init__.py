"""What is typed: options of the verbs, and their words as values."""
