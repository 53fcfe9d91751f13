"""Both by a storage backend of Datanectar, on the SDK or with obstore under it."""

import sys
from pathlib import Path

from remote import BUCKET, THREADS, measure

ENGINE = {"engine": "obstore"} if "--obstore" in sys.argv else {}
if sys.argv[5] == "s3":
    from datanectar_s3.backend import S3Backend
    from datanectar_s3.options import S3Options

    backend = S3Backend(S3Options(BUCKET, threads=THREADS, **ENGINE))
else:
    import os

    from datanectar_azure.backend import AzureBackend
    from datanectar_azure.options import AzureOptions

    secret = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
    backend = AzureBackend(AzureOptions(BUCKET, connection_string=secret, threads=THREADS, **ENGINE))


def get_file(name: str, path: str) -> None:
    with open(path, "w+b") as file:
        backend.fetch(name, file)


measure(
    lambda name, path: backend.write(name, Path(path)),
    get_file,
    lambda name, data: backend.write(name, data),
    lambda name: backend.read(name),
)
