"""The servers do what stores are tested for; one account may write and, on S3, another may only read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import boto3
import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.storage.blob import BlobServiceClient
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from testbed.azurite import Azurite
    from testbed.seaweedfs import SeaweedFS


def test_an_s3_client_finds_server_and_credentials_in_the_environment(s3_bucket: str) -> None:
    client = boto3.client("s3")
    client.put_object(Bucket=s3_bucket, Key="a/b", Body=b"nectar", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        client.put_object(Bucket=s3_bucket, Key="a/b", Body=b"other", IfNoneMatch="*")
    assert client.get_object(Bucket=s3_bucket, Key="a/b")["Body"].read() == b"nectar"
    client.close()


def test_the_reader_of_s3_may_read_and_not_write(s3_bucket: str, seaweedfs: SeaweedFS) -> None:
    writer = boto3.client("s3")
    writer.put_object(Bucket=s3_bucket, Key="a", Body=b"nectar")
    reader = boto3.client("s3", aws_access_key_id=seaweedfs.reader_key, aws_secret_access_key=seaweedfs.reader_secret)
    assert reader.get_object(Bucket=s3_bucket, Key="a")["Body"].read() == b"nectar"
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.put_object(Bucket=s3_bucket, Key="b", Body=b"nectar")
    writer.close()
    reader.close()


def test_s3_refuses_a_wrong_secret(s3_bucket: str) -> None:
    client = boto3.client("s3", aws_secret_access_key="wrong", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"])
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client.list_objects_v2(Bucket=s3_bucket)
    client.close()


def test_a_missing_bucket_is_not_made(s3_bucket: str) -> None:
    client = boto3.client("s3")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        client.put_object(Bucket=f"{s3_bucket}-too", Key="a", Body=b"nectar")
    client.close()


def test_an_azure_client_finds_server_and_key_in_the_environment(azure_container: str) -> None:
    with BlobServiceClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"]) as service:
        container = service.get_container_client(azure_container)
        container.upload_blob("a/b", b"nectar")
        with pytest.raises(ResourceExistsError, match="BlobAlreadyExists"):
            container.upload_blob("a/b", b"other")
        assert container.download_blob("a/b").readall() == b"nectar"


def test_azure_refuses_a_wrong_key(azure_container: str, azurite: Azurite) -> None:
    with (
        BlobServiceClient(azurite.account_url, credential="d3Jvbmc=") as service,
        pytest.raises(HttpResponseError, match="AuthorizationFailure"),
    ):
        list(service.get_container_client(azure_container).list_blobs())


def test_each_test_has_a_bucket_of_its_own(s3_bucket: str, azure_container: str) -> None:
    client = boto3.client("s3")
    assert client.list_objects_v2(Bucket=s3_bucket)["KeyCount"] == 0
    client.close()
    with BlobServiceClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"]) as service:
        assert list(service.get_container_client(azure_container).list_blobs()) == []
