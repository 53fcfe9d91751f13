"""Both by obstore, as its documentation has it: a path is uploaded in parts, a download is a stream."""

import os
import sys
from pathlib import Path

from obstore.store import AzureStore, S3Store
from remote import BUCKET, THREADS, measure

PLAIN = {"allow_http": True}
if sys.argv[5] == "s3":
    store = S3Store(BUCKET, client_options=PLAIN)
else:
    said = os.environ["AZURE_STORAGE_CONNECTION_STRING"].strip(";").split(";")
    account = dict(part.split("=", 1) for part in said)
    store = AzureStore(
        BUCKET,
        account_name=account["AccountName"],
        account_key=account["AccountKey"],
        endpoint=account["BlobEndpoint"],
        client_options=PLAIN,
    )


def get_file(name: str, path: str) -> None:
    with open(path, "wb") as file:
        for chunk in store.get(name):
            file.write(chunk)


measure(
    lambda name, path: store.put(name, Path(path), max_concurrency=THREADS),
    get_file,
    lambda name, data: store.put(name, data),
    lambda name: bytes(store.get(name).bytes()),
)
