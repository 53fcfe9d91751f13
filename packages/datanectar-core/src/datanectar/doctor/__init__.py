"""Checks of everything that a run depends on: each yields findings, with what to do."""
