"""S3 by boto3: managed transfers of files, plain requests for bytes."""

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from remote import BUCKET, THREADS, measure

client = boto3.client("s3", config=Config(max_pool_connections=THREADS))
transfer = TransferConfig(max_concurrency=THREADS)
measure(
    lambda name, path: client.upload_file(path, BUCKET, name, Config=transfer),
    lambda name, path: client.download_file(BUCKET, name, path, Config=transfer),
    lambda name, data: client.put_object(Bucket=BUCKET, Key=name, Body=data),
    lambda name: client.get_object(Bucket=BUCKET, Key=name)["Body"].read(),
)
