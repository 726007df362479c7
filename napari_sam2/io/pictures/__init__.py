"""Results to look at: masks drawn over frames."""
