"""Datanectar side by side with what people would use instead; `nox -s bench` runs it."""
