"""Feast for Datanectar: features go into Feast as whole batches, and come back point-in-time right.

There is nothing to import from here: `datanectar.feature_store` opens it, and what is Feast's stays Feast's.
"""
