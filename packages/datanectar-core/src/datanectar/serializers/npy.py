"""NumPy arrays in NumPy's own format.

Source of the format: NEP 1, "A simple file format for NumPy arrays".
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.values.classes import may_be

# NumPy's own limit guards against headers of strangers; these files were verified.
_LONGEST_HEADER = 1 << 24


class Npy(Serializer):
    """Arrays of plain dtypes; mapped copy-on-write when loaded from a local disk."""

    def accepts_type(self, kind: type) -> bool:
        return may_be(kind, "numpy.ndarray")

    def accepts(self, value: Any) -> bool:
        import numpy as np

        # Objects would need pickle; a dtype's metadata and alignment are not in the format: such arrays go elsewhere.
        if type(value) is not np.ndarray or value.dtype.hasobject or _is_aligned(value.dtype):
            return False
        if np.lib.format.drop_metadata(value.dtype) is not value.dtype:
            return False
        try:
            header = np.lib.format.descr_to_dtype(np.lib.format.dtype_to_descr(value.dtype))
        except (ValueError, TypeError):
            return False
        return bool(header == value.dtype)

    def dump(self, value: Any, sink: BinaryIO) -> None:
        import numpy as np

        header = _header(value)
        items = value if value.flags.c_contiguous else value.T
        if header is None or not items.flags.c_contiguous or not items.nbytes:
            np.lib.format.write_array(sink, value, version=(1, 0) if header else (3, 0), allow_pickle=False)
        else:  # write_array would copy the items, in pieces, on their way to anything but a file on disk
            sink.write(header)
            sink.write(items.reshape(-1).view(np.uint8).data)

    def load(self, file: StoredFile) -> Any:
        import numpy as np

        if file.path is not None:
            try:
                mapped = np.load(file.path, mmap_mode="c", allow_pickle=False, max_header_size=_LONGEST_HEADER)
            except ValueError:  # nothing to map in an empty array
                pass
            else:
                return np.asarray(mapped)  # an ndarray, as it was; the mapping stays alive as its base
        with file.open() as stream:
            return np.load(stream, allow_pickle=False, max_header_size=_LONGEST_HEADER)


def _is_aligned(dtype: Any) -> bool:
    """Whether a dtype is, or has in it, a struct that was asked to be aligned as C does."""
    inner = [field[0] for field in (dtype.fields or {}).values()]
    return dtype.isalignedstruct or any(map(_is_aligned, [*inner, dtype.subdtype[0]] if dtype.subdtype else inner))


def _header(value: Any) -> bytes | None:
    """The array's header in the oldest version of the format, or None if only the newest has room for it."""
    import numpy as np

    buffer = io.BytesIO()
    try:
        np.lib.format.write_array_header_1_0(buffer, np.lib.format.header_data_from_array_1_0(value))
    except ValueError:  # hundreds of fields, or names beyond Latin-1
        return None
    return buffer.getvalue()
