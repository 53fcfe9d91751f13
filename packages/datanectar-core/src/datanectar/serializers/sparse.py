"""SciPy's sparse arrays and matrices in SciPy's own format, ``.npz``."""

from __future__ import annotations

from typing import Any, BinaryIO

from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.values.classes import may_be

_FORMATS = ("csr", "csc", "bsr", "dia", "coo")


class SparseNpz(Serializer):
    """Sparse arrays and matrices in the formats that ``scipy.sparse.save_npz`` knows; lil and dok go elsewhere."""

    def accepts_type(self, kind: type) -> bool:
        return may_be(kind, *(f"scipy.sparse.{name}_{suffix}" for name in _FORMATS for suffix in ("array", "matrix")))

    def accepts(self, value: Any) -> bool:
        from scipy import sparse

        kinds = {getattr(sparse, f"{name}_{suffix}") for name in _FORMATS for suffix in ("array", "matrix")}
        return type(value) in kinds and not value.dtype.hasobject

    def dump(self, value: Any, sink: BinaryIO) -> None:
        from scipy import sparse

        sparse.save_npz(sink, value, compressed=False)

    def load(self, file: StoredFile) -> Any:
        import numpy as np
        from scipy import sparse

        with file.open() as stream:
            value = sparse.load_npz(stream)
            stream.seek(0)
            # SciPy picks the indices' dtype anew when it makes a matrix; it had its reasons when this one was made.
            with np.load(stream, allow_pickle=False) as parts:
                for name in {"indices", "indptr", "offsets"} & set(parts.files):
                    setattr(value, name, parts[name])
                if value.format == "coo":
                    value.coords = tuple(parts["coords"] if "coords" in parts.files else (parts["row"], parts["col"]))
        return value
