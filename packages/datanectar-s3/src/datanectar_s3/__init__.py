"""Amazon S3 storage for Datanectar, and for stores that speak the same protocol."""
