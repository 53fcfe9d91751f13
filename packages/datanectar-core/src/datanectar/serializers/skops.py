"""scikit-learn estimators by skops, which loads them without running code from the file."""

from __future__ import annotations

from typing import Any, BinaryIO

from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.errors import SerializationError
from datanectar.serializers.state import same_state


class Skops(Serializer):
    """Estimators of nothing but types that skops trusts, and that come back with the same state.

    That is known when it was tried, so `dump` is what refuses the others, before it has written anything.
    """

    def accepts_type(self, kind: type) -> bool:
        return _is_installed()

    def accepts(self, value: Any) -> bool:
        return _is_installed()

    def dump(self, value: Any, sink: BinaryIO) -> None:
        from skops import io

        try:
            data = io.dumps(value)
            unknown = io.get_untrusted_types(data=data)
            is_exact = not unknown and same_state(io.loads(data), value)
        except Exception as error:  # whatever a type of some library makes of being taken apart
            raise SerializationError(f"skops cannot hold this: {type(error).__name__}: {error}") from error
        if not is_exact:
            why = f"it does not trust {', '.join(unknown)}" if unknown else "it would not come back the same"
            raise SerializationError(f"skops cannot hold this: {why}")
        sink.write(data)

    def load(self, file: StoredFile) -> Any:
        from skops import io

        return io.loads(file.read())


def _is_installed() -> bool:
    try:
        import skops.io  # noqa: F401
    except ImportError:
        return False
    return True
