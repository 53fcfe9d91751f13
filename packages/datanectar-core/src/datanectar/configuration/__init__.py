"""Configuration: one flat map of dotted keys, each value with where it came from."""
