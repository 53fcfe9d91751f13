"""Servers that plugins and users describe: started together here, or by Docker Compose."""
