"""The storage layer: objects in, objects out, by backend, serializers and the commit protocol."""
