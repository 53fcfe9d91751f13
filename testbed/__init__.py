"""Real servers for tests and demos: SeaweedFS for S3, Azurite for Azure Blob Storage, and a proxy that makes faults.

It is no package that is installed; `tests/conftest.py` and `python -m testbed` at the root of the repository import it.
"""
