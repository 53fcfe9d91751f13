"""The Dask orchestrator for Datanectar: the name is reserved, this release contains no code yet."""
