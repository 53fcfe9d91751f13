"""What uploads are made with: the arguments of their requests, and streams of unknown length."""

from __future__ import annotations

from typing import BinaryIO
from urllib.parse import urlencode

from boto3.s3.transfer import TransferConfig

from datanectar.errors import StorageError
from datanectar_s3.options import S3Options

_MOST_PARTS = 10_000


def transfer_config(options: S3Options) -> TransferConfig:
    """How large objects travel. Transfers of the AWS CRT know no endpoint but that of AWS, so they are not used."""
    config = TransferConfig(
        multipart_threshold=options.part_size,
        multipart_chunksize=options.part_size,
        max_concurrency=options.threads,
        use_threads=options.threads > 1,
        preferred_transfer_client="classic",
    )
    config.max_in_memory_upload_chunks = options.threads  # of a stream; else ten, whatever the number of threads
    return config


def request_arguments(options: S3Options) -> dict[str, str]:
    """Arguments of every request."""
    return {"RequestPayer": "requester"} if options.request_payer else {}


def manifest_arguments(options: S3Options) -> dict[str, str]:
    """Arguments of every request that makes an object."""
    found = {
        "ServerSideEncryption": options.server_side_encryption,
        "SSEKMSKeyId": options.kms_key_id,
        "Tagging": urlencode(options.tags),
    }
    return request_arguments(options) | {name: value for name, value in found.items() if value}


def data_arguments(options: S3Options) -> dict[str, str]:
    """Arguments of every request that makes an object which is no manifest."""
    return manifest_arguments(options) | ({"StorageClass": options.storage_class} if options.storage_class else {})


def take(stream: BinaryIO, amount: int) -> bytes:
    """Reads this many bytes, or all that are left: a stream may give fewer at a time, a part of an upload not."""
    pieces = []
    while amount and (piece := stream.read(amount)):
        pieces.append(piece)
        amount -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class Parts:
    """A stream of unknown length, of which the first part was read to see whether there is more than one.

    Attributes:
        size: How many bytes were read from it.
    """

    def __init__(self, first: bytes, rest: BinaryIO, options: S3Options) -> None:
        self._first, self._rest, self._options = first, rest, options
        self.size = 0

    def read(self, amount: int) -> bytes:
        """Returns the next part."""
        piece, self._first = self._first or take(self._rest, amount), b""
        self.size += len(piece)
        if self.size > _MOST_PARTS * self._options.part_size:
            msg = (
                f"the stream is longer than {_MOST_PARTS} parts of {self._options.part_size} bytes, which is all that "
                f"an object of {self._options.url} takes; set part_size to more"
            )
            raise StorageError(msg)
        return piece
