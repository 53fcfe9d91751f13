"""Azure Blob storage for Datanectar."""
