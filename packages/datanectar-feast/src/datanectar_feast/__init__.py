"""The Feast feature store for Datanectar: the name is reserved, this release contains no code yet."""
