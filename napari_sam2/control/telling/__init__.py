"""A tracker kept in step with a document: told, taken down, told again."""
