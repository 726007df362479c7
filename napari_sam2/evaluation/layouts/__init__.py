"""How folders of stacks with true masks are laid out on disk."""
