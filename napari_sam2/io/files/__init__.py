"""Files that are replaced whole or not at all, and what is kept meanwhile."""
