"""Copies artifacts from store to store, as they are."""
