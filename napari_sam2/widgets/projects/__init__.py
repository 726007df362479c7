"""Projects in the dock: opened, saved, kept while one works, offered again."""
