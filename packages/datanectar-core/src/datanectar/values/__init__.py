"""Plain Python values: as typed JSON, and as their annotations want them."""
