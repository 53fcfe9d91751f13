"""boto3, azure-storage-blob and obstore work through the proxy, and suffer what it is told."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import boto3
import obstore
import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import ContainerClient
from botocore.exceptions import ClientError
from obstore.store import AzureStore, S3Store
from testbed.faults import FaultProxy, Rule, answer, lose_reply, strip_header

if TYPE_CHECKING:
    from testbed.azurite import Azurite

LARGE = os.urandom(20 << 20)  # bytes; every SDK sends and fetches it in parts


def test_boto3_moves_large_objects_through_it(s3_bucket: str, s3_faults: FaultProxy) -> None:
    client = boto3.client("s3", endpoint_url=s3_faults.url)
    client.upload_fileobj(io.BytesIO(LARGE), s3_bucket, "a")
    assert client.list_objects_v2(Bucket=s3_bucket)["Contents"][0]["Size"] == len(LARGE)
    client.download_fileobj(s3_bucket, "a", fetched := io.BytesIO())
    assert fetched.getvalue() == LARGE
    client.delete_objects(Bucket=s3_bucket, Delete={"Objects": [{"Key": "a"}]})
    client.close()
    assert {seen.method for seen in s3_faults.requests} == {"POST", "PUT", "GET", "HEAD"}


def test_azure_storage_blob_moves_large_objects_through_it(
    azure_container: str, azurite: Azurite, azure_faults: FaultProxy
) -> None:
    connection = azurite.connection_string_via(azure_faults.port)
    with ContainerClient.from_connection_string(
        connection, azure_container, max_single_put_size=1 << 20, max_single_get_size=1 << 20
    ) as client:
        client.upload_blob("a", LARGE, max_concurrency=4)
        assert client.download_blob("a", max_concurrency=4).readall() == LARGE
        client.delete_blobs("a")
    assert {seen.method for seen in azure_faults.requests} == {"PUT", "GET", "POST"}


def test_obstore_moves_large_objects_through_it(
    s3_bucket: str, s3_faults: FaultProxy, azure_container: str, azurite: Azurite, azure_faults: FaultProxy
) -> None:
    stores = [
        S3Store(s3_bucket, endpoint=s3_faults.url, client_options={"allow_http": True}),
        AzureStore(
            azure_container,
            account_name=azurite.account,
            account_key=azurite.key,
            endpoint=f"{azure_faults.url}/{azurite.account}",
            client_options={"allow_http": True},
        ),
    ]
    for store in stores:
        obstore.put(store, "a", LARGE)
        assert bytes(obstore.get(store, "a").bytes()) == LARGE
    assert len(s3_faults.requests) > 2
    assert len(azure_faults.requests) > 2


def test_a_lost_reply_makes_boto3_report_that_another_has_won(s3_bucket: str, s3_faults: FaultProxy) -> None:
    client = boto3.client("s3", endpoint_url=s3_faults.url)
    s3_faults.rules.append(Rule(lose_reply, method="PUT"))
    with pytest.raises(ClientError, match="PreconditionFailed"):
        client.put_object(Bucket=s3_bucket, Key="a", Body=b"ours", IfNoneMatch="*")
    assert client.get_object(Bucket=s3_bucket, Key="a")["Body"].read() == b"ours"
    client.close()
    assert [(seen.method, seen.status) for seen in s3_faults.requests] == [("PUT", None), ("PUT", 412), ("GET", 200)]


def test_boto3_tries_again_when_told_to_slow_down(s3_bucket: str, s3_faults: FaultProxy) -> None:
    client = boto3.client("s3", endpoint_url=s3_faults.url)
    s3_faults.rules.append(Rule(answer(503, b"<Error><Code>SlowDown</Code></Error>"), method="PUT", times=2))
    client.put_object(Bucket=s3_bucket, Key="a", Body=b"nectar")
    client.close()
    assert [seen.status for seen in s3_faults.requests] == [503, 503, 200]


def test_s3_without_the_condition_overwrites(s3_bucket: str, s3_faults: FaultProxy) -> None:
    client = boto3.client("s3", endpoint_url=s3_faults.url)
    s3_faults.rules.append(Rule(strip_header("if-none-match"), method="PUT", times=None))
    for body in (b"first", b"second"):
        client.put_object(Bucket=s3_bucket, Key="a", Body=body, IfNoneMatch="*")
    assert client.get_object(Bucket=s3_bucket, Key="a")["Body"].read() == b"second"
    client.close()


def test_azure_without_the_condition_overwrites(
    azure_container: str, azurite: Azurite, azure_faults: FaultProxy
) -> None:
    connection = azurite.connection_string_via(azure_faults.port)
    with ContainerClient.from_connection_string(connection, azure_container) as client:
        client.upload_blob("a", b"first")
        with pytest.raises(ResourceExistsError):
            client.upload_blob("a", b"second")
        azure_faults.rules.append(Rule(strip_header("if-none-match"), method="PUT"))
        client.upload_blob("a", b"second")
        assert client.download_blob("a").readall() == b"second"
