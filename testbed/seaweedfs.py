"""SeaweedFS, an S3 server: https://github.com/seaweedfs/seaweedfs."""

from __future__ import annotations

import json
import re
import secrets
import sysconfig
from pathlib import Path

from testbed.http1 import Head
from testbed.process import Store, free_ports

GRPC = 10_000  # what each component's second port lies above its first: the admin worker takes that for granted
SOCKETS = Path("/tmp")  # where SeaweedFS makes them, whatever TMPDIR says


class SeaweedFS(Store):
    """An S3 server with one identity that may do everything and one that may only read and list."""

    scheme = "s3"
    region = "us-east-1"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.access_key, self.secret_key = _key_pair()
        self.reader_key, self.reader_secret = _key_pair()
        self._ports: list[int] = []

    @property
    def endpoint_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def client_environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def make_bucket(self, name: str) -> None:
        import boto3

        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )
        try:
            client.create_bucket(Bucket=name)
        finally:
            client.close()

    def sign(self, request: Head) -> Head:
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        signed = re.search("SignedHeaders=([^,]*)", request.get("authorization") or "")
        names = signed[1].split(";") if signed else []
        headers = {name: value for name in names if (value := request.get(name)) is not None}
        unsigned = AWSRequest(request.method, f"{self.endpoint_url}{request.target}", headers)
        unsigned.context["timestamp"] = headers["x-amz-date"]
        auth = S3SigV4Auth(Credentials(self.access_key, self.secret_key), "s3", self.region)
        signature = auth.signature(auth.string_to_sign(unsigned, auth.canonical_request(unsigned)), unsigned)
        fields = f"Credential={auth.scope(unsigned)}, SignedHeaders={';'.join(sorted(headers))}, Signature={signature}"
        return request.with_field("Authorization", f"AWS4-HMAC-SHA256 {fields}")

    def command(self) -> list[str]:
        ports = dict(zip(("master", "volume", "filer", "admin", "s3"), free_ports(5, also=GRPC), strict=True))
        self.port = ports["s3"]
        self._ports = [*ports.values(), *(port + GRPC for port in ports.values())]
        config = self.directory / "s3.json"
        config.touch(mode=0o600)
        config.write_text(json.dumps({"identities": self._identities()}), encoding="utf-8")
        # Left alone it would listen on every address, report to its makers, make buckets that are missing,
        # delete full ones, and have room for no more buckets than gigabytes.
        return [
            str(Path(sysconfig.get_path("scripts")) / "weed"),
            *("mini", f"-dir={self.directory}", f"-ip={self.host}", f"-ip.bind={self.host}"),
            *(f"-{component}.port={port}" for component, port in ports.items()),
            *(f"-{component}.port.grpc={port + GRPC}" for component, port in ports.items()),
            *(f"-s3.config={config}", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            *("-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false"),
            *("-admin.ui=false", "-webdav=false", "-master.telemetry=false"),
            *("-volume.preStopSeconds=0", "-volume.max=10000"),
        ]

    def environment(self) -> dict[str, str]:
        return {"GOMEMLIMIT": "256MiB"}

    def is_ready(self) -> bool:
        return self.answers("/healthz")

    def stop(self) -> None:
        super().stop()
        for port in self._ports:
            for left in SOCKETS.glob(f"seaweedfs-*-{port}.sock"):
                left.unlink(missing_ok=True)

    def _identities(self) -> list[dict[str, object]]:
        pairs = {
            "writer": (self.access_key, self.secret_key, ["Admin", "Read", "Write", "List", "Tagging"]),
            "ro": (self.reader_key, self.reader_secret, ["Read", "List"]),
        }
        return [
            {"name": name, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}
            for name, (key, secret, actions) in pairs.items()
        ]


def _key_pair() -> tuple[str, str]:
    return secrets.token_hex(10).upper(), secrets.token_hex(20)
