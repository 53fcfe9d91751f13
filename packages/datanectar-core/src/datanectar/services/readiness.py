"""Whether a service is of use yet."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from datanectar.records import Service
from datanectar.services.ports import accepts

_SECONDS = 5.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy knows nothing of this machine


def lacks(service: Service) -> str:
    """Returns what a service lacks to be up, or an empty string."""
    if service.ready:
        return asked(service.ready)
    silent = [str(port) for port in service.ports if not accepts(port)]
    return f"nothing takes connections at port {', '.join(silent)}" if silent else ""


def asked(url: str, posted: Any = None) -> str:
    """Returns what is wrong with the answer of a URL, or an empty string."""
    data = None if posted is None else json.dumps(posted).encode()
    headers = {} if posted is None else {"Content-Type": "application/json"}
    method = "GET" if posted is None else "POST"
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with _DIRECT.open(request, timeout=_SECONDS) as answer:
            return "" if answer.status == 200 else f"{method} {url} answers {answer.status}"
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(500).decode(errors="replace").strip()
        return f"{method} {url} answers {error.code}{': ' if said else ''}{said}"
    except Exception as error:  # whatever a half-started server does
        return f"{method} {url} fails: {getattr(error, 'reason', error)}"
