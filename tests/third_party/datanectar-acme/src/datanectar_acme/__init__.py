"""A third party's plugin, for tests."""
