"""How a container's health is checked: with what the image is sure to have."""

from __future__ import annotations

import shlex
from typing import Any

from datanectar.records import Service

_SECONDS = 5


def healthcheck(service: Service) -> dict[str, Any]:
    """Returns a health check, or an empty one where nothing is known that could be asked."""
    test = _test(service)
    if not test:
        return {}
    # Feast takes up to 20 seconds to import where the disk is fast.
    return {"test": test, "interval": "10s", "timeout": "10s", "retries": 3, "start_period": "90s"}


def _test(service: Service) -> list[str]:
    if service.image:  # it need not have Python
        url = shlex.quote(service.ready)
        return ["CMD-SHELL", f"wget -q -O /dev/null {url} || curl -fsS -o /dev/null {url}"] if service.ready else []
    if service.ready:
        return ["CMD", "python", "-c", _asking(service.ready)]
    return ["CMD", "python", "-c", _connecting(list(service.ports))] if service.ports else []


def _asking(url: str) -> str:
    """Asks a URL, past any proxy."""
    opener = "build_opener(ProxyHandler({}))"
    return f"from urllib.request import *; {opener}.open({url!r}, timeout={_SECONDS}).close()"


def _connecting(ports: list[int]) -> str:
    return f"import socket; [socket.create_connection(('127.0.0.1', p), {_SECONDS}).close() for p in {ports}]"
