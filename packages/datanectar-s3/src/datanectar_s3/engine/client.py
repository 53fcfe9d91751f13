"""A client that answers as the SDK's does, and has obstore send what is large or frequent."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any, BinaryIO, TypeVar

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from botocore.session import Session
from obstore.exceptions import InvalidPathError, UnauthenticatedError

from datanectar import fetch_ranges, interruptible
from datanectar_s3.engine.bodies import Body, Pieces
from datanectar_s3.engine.refusals import OBSTORE_ERRORS, sdk_error
from datanectar_s3.engine.settings import Credentials, stores
from datanectar_s3.errors import SDK_ERRORS
from datanectar_s3.options import S3Options

_T = TypeVar("_T")

#: obstore's threads are this process's.
PROCESS = os.getpid()
_LISTED_AT_ONCE = 1000
_SMALL = 1 << 20  # bytes; a body of so many arrives within the time that a reply may take
_SEGMENTS = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*/)*")
#: Arguments that the stores have from the options already.
_IN_THE_STORES = {"Bucket", "RequestPayer", "ServerSideEncryption", "SSEKMSKeyId", "Tagging"}


class ObstoreClient:
    """The calls by which the backend moves bytes and lists; all others are those of the SDK's client.

    They take what the SDK's take, return what the backend looks at of the SDK's replies, and raise the SDK's errors.
    """

    def __init__(self, sdk: Any, session: Session, options: S3Options) -> None:
        self._sdk, self._options = sdk, options
        self._credentials = Credentials(session)
        self._replies, self._parts, self._creates = stores(sdk, session, self._credentials, options)
        self._ahead: timedelta | None = None  # the store's clock, of this machine's

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sdk, name)

    def _asked(self, operation: str, call: Callable[[], _T], source: Pieces | None = None) -> _T:
        try:
            return call() if source else interruptible(call)
        except InvalidPathError:
            raise
        except OBSTORE_ERRORS as error:
            if source and error is source.failure:
                raise
            unauthenticated = isinstance(error, UnauthenticatedError)
            raise (unauthenticated and self._credentials.failure) or sdk_error(error, operation) from error

    def get_object(self, *, Key: str, Range: str = "", IfMatch: str = "", **more: str) -> dict[str, Any]:
        _check(more)
        wanted: dict[str, Any] = {"if_match": IfMatch} if IfMatch else {}
        if Range:
            start, _, last = Range.removeprefix("bytes=").partition("-")
            wanted["range"] = (int(start), int(last) + 1) if last else {"offset": int(start)}
        found = self._asked("GetObject", partial(self._replies.get, Key, options=wanted))
        return {"Body": Body(found), "ContentLength": found.range[1] - found.range[0], **_described(found.meta)}

    def head_object(self, *, Key: str, **more: str) -> dict[str, Any]:
        _check(more)
        found = self._asked("HeadObject", partial(self._replies.head, Key))
        return {"ContentLength": found["size"], **_described(found)}

    def put_object(self, *, Key: str, Body: bytes, IfNoneMatch: str = "", **more: str) -> dict[str, Any]:
        if IfNoneMatch:
            store, mode = self._creates, "create"
        else:
            store, mode = self._replies if len(Body) <= _SMALL else self._parts, "overwrite"
        settings = self._settings(more)
        self._asked("PutObject", partial(store.put, Key, Body, mode=mode, use_multipart=False, **settings))
        return {"ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(self._now(Key), usegmt=True)}}}

    def upload_fileobj(
        self, source: BinaryIO, bucket: str, key: str, *, ExtraArgs: Mapping[str, str], Config: object
    ) -> None:
        """Reads the source here, in the caller's thread, so that between two pieces Ctrl-C is heard."""
        pieces = Pieces(source, self._options.part_size)
        sizes: dict[str, Any] = {"chunk_size": self._options.part_size, "max_concurrency": self._options.threads}
        put = partial(self._parts.put, key, pieces, **sizes, **self._settings(ExtraArgs))
        self._asked("PutObject", put, pieces)

    def download_fileobj(
        self, bucket: str, key: str, file: BinaryIO, *, ExtraArgs: Mapping[str, str], Config: object
    ) -> None:
        """Fetches the first part, and then the rest in as many streams as there are threads."""
        _check(ExtraArgs)
        size = self._options.part_size

        def ranged(start: int, end: int, **condition: str) -> Any:
            wanted = {"range": (start, end), **condition}
            return self._asked("GetObject", partial(self._replies.get, key, options=wanted))

        try:
            first = ranged(0, size)
            end, etag = first.meta["size"], first.meta["e_tag"]
            file.write(Body(first).whole())
            if end > size:
                rest = partial(ranged, if_match=etag)
                fetch_ranges(
                    file, size, end, self._options.threads, size, lambda start, end: Body(rest(start, end)).pieces()
                )
        except ResponseParserError:  # no reply to a request for a range; the SDK takes what there is
            file.seek(0)
            file.truncate()
            self._sdk.download_fileobj(bucket, key, file, ExtraArgs=ExtraArgs, Config=Config)
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidRange":
                raise
            # It is empty.

    def get_paginator(self, operation: str) -> Any:
        return self if operation == "list_objects_v2" else self._sdk.get_paginator(operation)

    def paginate(self, *, Prefix: str, **more: str) -> Iterator[dict[str, Any]]:
        """Lists by obstore where it can: prefixes that are whole segments, and keys that it can spell."""
        _check(more)
        paged = partial(self._sdk.get_paginator("list_objects_v2").paginate, Prefix=Prefix, **more)
        if _SEGMENTS.fullmatch(Prefix) is None:
            yield from paged()
            return
        pages, last = iter(self._replies.list(Prefix, chunk_size=_LISTED_AT_ONCE)), ""
        while True:
            try:
                page = self._asked("ListObjectsV2", partial(next, pages, None))
            except InvalidPathError:  # of somebody else's key, such as a//b
                yield from paged(StartAfter=last)
                return
            if page is None and not last:  # obstore takes any page of the web for an empty listing; the SDK does not
                yield from paged()
            if page is None:
                return
            yield {"Contents": [_entry(found) for found in page if found["size"] or self._is_there(found["path"])]}
            last = page[-1]["path"]

    def _is_there(self, key: str) -> bool:
        """Whether an empty object has this very key: obstore tells of a console's ``folder/`` as ``folder``."""
        try:
            self.head_object(Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise
            return False
        return True

    def _settings(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        """What obstore is told with each put."""
        more = dict(arguments)
        storage_class = more.pop("StorageClass", "")
        _check(more)
        return {
            "attributes": {"Storage-Class": storage_class} if storage_class else None,
            "tags": self._options.tags or None,
        }

    def _now(self, key: str) -> datetime:
        """The time by the store's clock, which obstore does not tell of puts: asked for once, of what was put."""
        now = datetime.now(UTC)
        if self._ahead is None:
            try:
                self._ahead = self.head_object(Key=key)["LastModified"] - now
            except SDK_ERRORS:  # credentials may be for writing only
                self._ahead = timedelta()
        return now + self._ahead


def _check(arguments: Mapping[str, str]) -> None:
    if unknown := arguments.keys() - _IN_THE_STORES:
        raise TypeError(f"obstore is not told of {', '.join(sorted(unknown))}")


def _described(found: Mapping[str, Any]) -> dict[str, Any]:
    if not found["e_tag"]:
        raise ResponseParserError("the reply has no ETag")
    return {"ETag": found["e_tag"], "LastModified": found["last_modified"]}


def _entry(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"Key": found["path"], "Size": found["size"], "LastModified": found["last_modified"]}
