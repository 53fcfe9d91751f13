"""Who listens on a port of this machine."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datanectar.errors import PortTaken
from datanectar.records import Service

if TYPE_CHECKING:
    import psutil

HOST = "127.0.0.1"
#: The variable by which a process that was started as a service is known again: its name and its project.
MARK = "DATANECTAR_SERVICE"
_STRANGER = "a process of another user or container"


@dataclass(frozen=True)
class Holder:
    """What listens on a port.

    Attributes:
        pid: Its process, or None where the system does not tell: it is another user's.
        program: The process's name, or what is known of it.
        mark: What `MARK` says in its environment, or an empty string.
        started: When it was started, in seconds since the epoch.
    """

    pid: int | None
    program: str = ""
    mark: str = ""
    started: float = 0

    def __str__(self) -> str:
        return f"pid {self.pid} ({self.program})" if self.pid else self.program


def mark(service: Service, root: Path) -> str:
    """Returns what marks a service's processes: its name, and the project it is of."""
    return f"{service.name}@{root}"


def held(service: Service, root: Path) -> Holder | None:
    """Returns what runs a service of this project already, or None where its ports are free.

    Raises:
        PortTaken: A port is in use by something else.
    """
    for port in service.ports:
        found = holder(port)
        if found is None:
            continue
        if found.mark == mark(service, root):
            return found
        raise PortTaken(
            f"{service.name}: port {port} is taken by {found}; stop it, or give {service.name} another port in "
            f"[services.{service.name}]",
            port=port,
            pid=found.pid,
        )
    return None


def holder(port: int) -> Holder | None:
    """Returns what listens on a port, or None where it is free."""
    if _is_free(port):
        return None
    try:
        import psutil
    except ImportError:
        return Holder(None, "a process that `pip install 'datanectar-core[services]'` could name")
    try:
        found = (one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN)
        pid = next((one.pid for one in found if one.laddr and one.laddr.port == port), None)
        return Holder(None, _STRANGER) if pid is None else _described(psutil.Process(pid))
    except psutil.AccessDenied:  # macOS tells root only
        return Holder(None, _STRANGER)
    except psutil.NoSuchProcess:  # it has just ended
        return holder(port)


def _described(process: psutil.Process) -> Holder:
    import psutil

    try:
        mark = process.environ().get(MARK, "")
    except (psutil.AccessDenied, OSError):
        mark = ""
    return Holder(process.pid, process.name(), mark, process.create_time())


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have just ended don't count
        try:
            probe.bind((HOST, port))
        except PermissionError:  # below 1024: whether it is free is not known before the service tries
            return not accepts(port)
        except OSError:
            return False
    return True


def accepts(port: int) -> bool:
    """Whether something takes a connection."""
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """Returns a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
