"""Azure Blob Storage by azure-storage-blob."""

import os

from azure.storage.blob import ContainerClient
from remote import BUCKET, THREADS, measure

container = ContainerClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"], BUCKET)


def put_file(name: str, path: str) -> None:
    with open(path, "rb") as file:
        container.upload_blob(name, file, overwrite=True, max_concurrency=THREADS)


def get_file(name: str, path: str) -> None:
    with open(path, "wb") as file:
        container.download_blob(name, max_concurrency=THREADS).readinto(file)


measure(
    put_file,
    get_file,
    lambda name, data: container.upload_blob(name, data, overwrite=True),
    lambda name: container.download_blob(name).readall(),
)
