"""Luigi for Datanectar: existing Luigi code gains names, caching and storage, and Luigi runs Datanectar's pipelines."""
