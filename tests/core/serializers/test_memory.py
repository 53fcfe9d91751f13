"""Large values are neither copied to be stored nor read to be loaded: measured in processes of their own."""

import subprocess
import sys

import pytest

SIZE = 200_000_000
#: Before the value is made, everything that storing imports was used once.
SCRIPT = """
import resource, sys
import numpy as np, pyarrow as pa
import datanectar as dn

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10

count = {size} // 8
with dn.settings(storage_layer=sys.argv[1]):
    layer = dn.storage_layer()
    if sys.argv[2] == "store":
        count = 10
        layer.store("warm/up", {value}, {serializer})
        count = {size} // 8
        value = {value}
        before = peak()
        layer.store("a/b", value, {serializer})
    else:
        layer.load("warm/up")
        before = peak()
        value = layer.load("a/b")
    print(peak() - before)
"""
VALUES = {
    "array": ("np.arange(count, dtype='f8')", None),
    "Fortran": ("np.arange(count, dtype='f8').reshape(10, -1).T", None),
    "times": ("np.arange(count).view('M8[us]')", None),
    "pickled array": ("np.arange(count, dtype='f8')", "pickle"),
    "table": ("pa.table({'a': np.arange(count // 2), 'b': np.arange(count // 2, dtype='f8')})", "arrow-ipc"),
}


def grown(tmp_path, kind: str, what: str) -> int:
    """By how many bytes the peak of a fresh process's memory grows while it stores or loads."""
    value, serializer = VALUES[kind]
    script = SCRIPT.format(size=SIZE, value=value, serializer=repr(serializer))
    command = [sys.executable, "-c", script, (tmp_path / "store").as_uri(), what]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.parametrize("kind", VALUES)
def test_storing_makes_no_copy_and_loading_maps(tmp_path, kind):
    assert grown(tmp_path, kind, "store") < 0.1 * SIZE
    if kind != "pickled array":  # those are read, to be hashed as they are decoded
        assert grown(tmp_path, kind, "load") < 0.1 * SIZE
