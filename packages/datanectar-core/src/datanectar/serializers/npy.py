"""NumPy arrays in NumPy's own format.

Source of the format: NEP 1, "A simple file format for NumPy arrays".
"""

from __future__ import annotations

from typing import Any, BinaryIO

from datanectar.contracts.serialization import Serializer, StoredFile


class Npy(Serializer):
    """Arrays of plain dtypes; mapped copy-on-write when loaded from a local disk."""

    def accepts(self, value: Any) -> bool:
        import numpy as np

        # Objects would need pickle, and a dtype's metadata is not in the format: such arrays go elsewhere.
        if type(value) is not np.ndarray or value.dtype.hasobject or value.dtype.metadata:
            return False
        try:
            header = np.lib.format.descr_to_dtype(np.lib.format.dtype_to_descr(value.dtype))
        except (ValueError, TypeError):
            return False
        return bool(header == value.dtype)

    def dump(self, value: Any, sink: BinaryIO) -> None:
        import numpy as np

        np.lib.format.write_array(sink, value, allow_pickle=False)

    def load(self, file: StoredFile) -> Any:
        import numpy as np

        if file.path is not None:
            try:
                mapped = np.load(file.path, mmap_mode="c", allow_pickle=False)
            except ValueError:  # nothing to map in an empty array
                pass
            else:
                return np.asarray(mapped)  # an ndarray, as it was; the mapping stays alive as its base
        with file.open() as stream:
            return np.load(stream, allow_pickle=False)
