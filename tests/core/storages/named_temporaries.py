"""A local disk as it is where no file is without a name, in a module that worker processes can import."""

from pathlib import Path

from datanectar.storages import local
from datanectar.storages.local import LocalBackend, LocalOptions


def named_temporaries(root: Path) -> LocalBackend:
    """Opens it; from then on this process makes named temporary files."""
    local._O_TMPFILE = None
    return NamedTemporaries(LocalOptions(root, durability="none"))


class NamedTemporaries(LocalBackend):
    def __reduce__(self):
        return named_temporaries, (Path(self.root),)
