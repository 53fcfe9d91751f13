"""Planning and running."""
