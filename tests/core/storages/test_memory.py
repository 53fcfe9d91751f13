from datanectar.storages.memory import MemoryBackend, MemoryOptions


def test_stores_of_one_name_share_their_content():
    one, other = MemoryBackend(MemoryOptions("shared")), MemoryBackend(MemoryOptions("shared"))
    one.create("k", b"x")
    assert other.read("k") == b"x"
    assert one.url == "memory://shared"


def test_a_store_without_a_name_is_its_own():
    one, other = (MemoryBackend(MemoryOptions.from_url("memory://")) for _ in range(2))
    one.create("k", b"x")
    assert other.stat("k") is None


def test_a_url_names_the_store():
    assert MemoryOptions.from_url("memory://trial") == MemoryOptions("trial")


def test_what_a_caller_does_to_its_buffer_later_does_not_reach_the_store():
    backend = MemoryBackend()
    data = bytearray(b"one")
    backend.create("k", data)
    data[:] = b"two"
    assert backend.read("k") == b"one"
