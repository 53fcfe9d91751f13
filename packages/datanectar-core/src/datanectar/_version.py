"""The release. Asking the installed metadata for it takes longer than a small step."""

__version__ = "0.1.0"
