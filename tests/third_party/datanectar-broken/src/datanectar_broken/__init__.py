"""A third party's broken plugin, for tests."""
