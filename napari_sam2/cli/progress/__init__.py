"""Progress on stderr, silent where nobody watches."""
