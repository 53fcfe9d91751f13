"""Options of ``type = "s3"``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from datanectar import check_key
from datanectar.errors import ConfigurationError, InvalidKey


@dataclass(frozen=True)
class S3Options:
    """Options of ``type = "s3"``.

    Keys and secrets are none of them: they come from where the AWS SDK finds them, as do profile, region and endpoint
    where they are not set here. A pickle of these options has all of them, `config` too: put no password into its
    proxies, but into HTTPS_PROXY.
    """

    bucket: str = field(metadata={"help": "The bucket, which must exist; the ARN of an access point will do"})
    prefix: str = field(default="", metadata={"help": "What all keys start with, such as team/artifacts"})
    profile: str | None = field(default=None, metadata={"help": "A profile of ~/.aws, in place of AWS_PROFILE"})
    region: str | None = field(default=None, metadata={"help": "The bucket's region, in place of AWS_DEFAULT_REGION"})
    endpoint_url: str | None = field(
        default=None, metadata={"help": "Where a store other than AWS is, in place of AWS_ENDPOINT_URL"}
    )
    storage_class: str | None = field(
        default=None,
        metadata={"help": "Storage class of data and logs; manifests, which are read often, stay in the standard one"},
    )
    server_side_encryption: str | None = field(
        default=None, metadata={"help": "'AES256', 'aws:kms' or 'aws:kms:dsse'; by default what the bucket does"}
    )
    kms_key_id: str | None = field(default=None, metadata={"help": "The KMS key that encrypts: its id, ARN or alias"})
    tags: dict[str, str] = field(default_factory=dict, metadata={"help": "A table of tags that each object gets"})
    request_payer: bool = field(default=False, metadata={"help": "Pay for requests to a bucket that asks for it"})
    checksums: Literal["when_supported", "when_required"] | None = field(
        default=None,
        metadata={"help": "Checksums of uploads; 'when_required' for stores that refuse them, as old MinIO does"},
    )
    threads: int = field(default=10, metadata={"help": "How many parts of a large object travel at once"})
    part_size: int = field(
        default=8 << 20,
        metadata={"help": "Bytes of a part; a stream takes 10 000 of them, so by default it ends at 80 GiB"},
    )
    engine: Literal["boto3", "obstore"] = field(
        default="boto3",
        metadata={"help": "What moves bytes: 'obstore' is faster, and needs pip install 'datanectar-s3[fast]'"},
    )
    config: dict[str, Any] = field(
        default_factory=dict, repr=False, metadata={"help": "A table for botocore.config.Config: all its settings work"}
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefix", self.prefix.strip("/"))
        try:
            if self.prefix:
                check_key(self.prefix)
        except InvalidKey as error:
            raise ConfigurationError(f"the prefix of bucket {self.bucket!r}: {error}") from error
        if not self.bucket:
            raise ConfigurationError("the bucket has no name; set bucket, or write s3://bucket/prefix")
        if "/" in self.bucket and not self.bucket.startswith("arn:"):
            msg = f"bucket = {self.bucket!r}: bucket is a name only, as in s3://NAME/PREFIX; the rest goes into prefix"
            raise ConfigurationError(msg)
        if self.endpoint_url and "@" in urlsplit(self.endpoint_url).netloc:
            raise ConfigurationError(f"endpoint_url {NO_CREDENTIALS}")  # which are not repeated
        if self.kms_key_id and not (self.server_side_encryption or "").startswith("aws:kms"):
            raise ConfigurationError('kms_key_id needs server_side_encryption = "aws:kms" (or "aws:kms:dsse")')
        if self.threads < 1:
            raise ConfigurationError(f"threads = {self.threads} must be 1 or more")
        if self.part_size < _LEAST_PART:
            raise ConfigurationError(
                f"part_size = {self.part_size} must be {_LEAST_PART} or more: S3 takes no smaller parts"
            )
        if self.engine == "obstore":
            self._check_obstore()

    def _check_obstore(self) -> None:
        """Refuses what obstore would pass over."""
        if unknown := sorted(self.config.keys() - _KNOWN_TO_OBSTORE):
            names = ", ".join(f"config.{name}" for name in unknown)
            raise ConfigurationError(f'{names} would do nothing with engine = "obstore"; set engine = "boto3"')
        if self.bucket.endswith("--x-s3"):
            raise ConfigurationError(f'{self.bucket} is a directory bucket: those need engine = "boto3"')

    @property
    def url(self) -> str:
        """Where the store is, as ``s3://bucket/prefix``."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @classmethod
    def from_url(cls, url: str) -> S3Options:
        """Reads ``s3://bucket`` and ``s3://bucket/prefix``."""
        parts = urlsplit(url)
        if "@" in parts.netloc:
            raise ConfigurationError(f"an s3:// URL {NO_CREDENTIALS}")
        if "?" in url or "#" in url or ":" in parts.netloc:
            msg = (
                f"{url!r}: write s3://bucket/prefix and no more. Region, endpoint and profile are the SDK's: "
                "AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, AWS_PROFILE; other options go into a table, such as "
                '[storage.lake] with type = "s3"'
            )
            raise ConfigurationError(msg)
        return cls(bucket=parts.netloc, prefix=parts.path.removeprefix("/"))


_LEAST_PART = 5 << 20
#: Settings of the SDK that decide where requests go, how long they wait and how often they are tried, for both.
_KNOWN_TO_OBSTORE = {
    "connect_timeout",
    "read_timeout",
    "retries",
    "region_name",
    "s3",
    "signature_version",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
}
NO_CREDENTIALS = (
    "holds no credentials: the AWS SDK finds them, in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, in ~/.aws, or from "
    "the machine's role"
)
