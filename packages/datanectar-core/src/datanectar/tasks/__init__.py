"""Tasks: declared as functions or classes; calling one names an artifact and runs nothing."""
