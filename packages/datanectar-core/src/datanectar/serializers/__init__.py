"""Built-in serializers, one module a format; each imports its library when it is first used."""
