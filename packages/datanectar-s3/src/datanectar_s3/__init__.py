"""Amazon S3 storage for Datanectar: the name is reserved, this release contains no code yet."""
