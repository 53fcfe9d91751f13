"""The engine "obstore": the same client, of which Rust sends the bytes and the listings."""
