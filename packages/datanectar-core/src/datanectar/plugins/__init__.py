"""Plugins: found by entry point, checked at registration, loaded one by one."""
