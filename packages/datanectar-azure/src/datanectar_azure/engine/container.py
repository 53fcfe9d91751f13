"""Clients that answer as the SDK's do, and have obstore send what is large or frequent."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any, BinaryIO, TypeVar

from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.blob import BlobServiceClient
from obstore.exceptions import InvalidPathError, UnauthenticatedError

from datanectar import interruptible
from datanectar_azure.connection import sas_of
from datanectar_azure.engine.download import Download, Properties
from datanectar_azure.engine.pieces import Pieces
from datanectar_azure.engine.refusals import OBSTORE_ERRORS, code_of, sdk_error
from datanectar_azure.engine.settings import Credentials, stores
from datanectar_azure.options import AzureOptions

_T = TypeVar("_T")

#: obstore's threads are this process's.
PROCESS = os.getpid()
_LISTED_AT_ONCE = 5000
_SEGMENTS = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*/)*")
_SMALL = 1 << 20  # bytes; a body of so many arrives within the time that an answer may take


class ObstoreContainer:
    """What the backend asks of the SDK's client of a container; what is not here, the SDK's client does itself."""

    def __init__(self, sdk: Any, service: BlobServiceClient, config: dict[str, Any], options: AzureOptions) -> None:
        self._sdk, self.options, self.block = sdk, options, config["max_block_size"]
        self._credentials = Credentials(service, sas_of(options))
        self.answers, self.blocks, self.creates = stores(service, self._credentials, config, options)
        self._ahead: timedelta | None = None  # the service's clock, of this machine's

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sdk, name)

    def asked(self, call: Callable[[], _T], source: Pieces | None = None) -> _T:
        """Makes a call, and raises the SDK's error for what it raises."""
        try:
            return call() if source else interruptible(call)
        except InvalidPathError:
            raise
        except OBSTORE_ERRORS as error:
            if source and error is source.failure:
                raise
            if isinstance(error, UnauthenticatedError) and self._credentials.failure:
                raise self._credentials.failure from error
            found = sdk_error(error)
            if code_of(found) == "AuthenticationFailed":
                self._ask_sdk()
            raise found from error

    def _ask_sdk(self) -> None:
        """Lets the SDK be refused, too: its error has the answer's date, which tells of a clock that is off."""
        try:
            self._sdk.get_container_properties()
        except HttpResponseError as error:
            if code_of(error) == "AuthenticationFailed":
                raise

    def get_blob_client(self, name: str) -> ObstoreBlob:
        return ObstoreBlob(self, partial(self._sdk.get_blob_client, name), name)

    def list_blobs(self, name_starts_with: str, include: list[str]) -> Iterator[Any]:
        """Lists by obstore where it can: prefixes that are whole segments, and names that it can spell."""
        listed = partial(self._sdk.list_blobs, name_starts_with, include=include)
        if _SEGMENTS.fullmatch(name_starts_with) is None:
            yield from listed()
            return
        pages, seen = iter(self.answers.list(name_starts_with, chunk_size=_LISTED_AT_ONCE)), set()
        while True:
            try:
                page = self.asked(partial(next, pages, ()))
            except InvalidPathError:  # of somebody else's blob, such as a//b
                yield from (found for found in listed() if found.name not in seen)
                return
            if not page:
                return
            for found in page:
                seen.add(name := found["path"])
                if found["size"]:
                    yield Properties(name, found["size"], found["last_modified"], {})
                else:  # it may be a folder, or obstore's word for one
                    yield from self._empty(name)

    def _empty(self, name: str) -> Iterator[Any]:
        try:
            yield self._sdk.get_blob_client(name).get_blob_properties()
        except HttpResponseError as error:
            if error.status_code != 404:
                raise

    def now(self, blob: ObstoreBlob) -> datetime:
        """The time by the service's clock, which obstore does not tell of uploads: asked for once, of what was put."""
        now = datetime.now(UTC)
        if self._ahead is None:
            try:
                self._ahead = blob.get_blob_properties().last_modified - now
            except (AzureError, TypeError):  # credentials may be for writing only; the answer may have no date
                self._ahead = timedelta()
        return now + self._ahead


class ObstoreBlob:
    """What the backend asks of the SDK's client of a blob; what is not here, the SDK's client does itself."""

    def __init__(self, container: ObstoreContainer, make_sdk: Callable[[], Any], name: str) -> None:
        self._container, self._make_sdk, self._name = container, make_sdk, name

    @cached_property
    def _sdk(self) -> Any:
        return self._make_sdk()  # which takes as long as obstore takes for a small blob

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sdk, name)

    def download_blob(self, *, max_concurrency: int, offset: int | None = None, length: int | None = None) -> Download:
        container = self._container
        return Download(container.asked, container.answers, self._name, max_concurrency, offset, length)

    def get_blob_properties(self) -> Any:
        """Asks the SDK why there is no answer: that to a HEAD has no body, and obstore tells no headers."""
        try:
            found = self._container.asked(partial(self._container.answers.get, self._name, options={"head": True}))
        except HttpResponseError:
            return self._sdk.get_blob_properties()
        return Properties(self._name, found.meta["size"], found.meta["last_modified"], found.attributes)

    def upload_blob(
        self,
        data: bytes | BinaryIO,
        *,
        overwrite: bool,
        max_concurrency: int,
        length: int | None = None,
        tags: dict[str, str] | None = None,
        standard_blob_tier: Any = None,
    ) -> dict[str, Any]:
        """Reads a stream here, in the caller's thread, so that between two blocks Ctrl-C is heard."""
        settings: dict[str, Any] = {
            "tags": tags,
            "attributes": {"Storage-Class": standard_blob_tier.value} if standard_blob_tier else None,
        }
        if isinstance(data, bytes) and (len(data) <= self._container.block or not overwrite):
            self._put(data, overwrite, settings)
        else:
            self._upload(io.BytesIO(data) if isinstance(data, bytes) else data, max_concurrency, settings)
        return {"last_modified": self._container.now(self)}

    def _put(self, data: bytes, overwrite: bool, settings: dict[str, Any]) -> None:
        container = self._container
        if not overwrite:
            store, mode = container.creates, "create"
        else:
            store, mode = container.answers if len(data) <= _SMALL else container.blocks, "overwrite"
        container.asked(partial(store.put, self._name, data, mode=mode, use_multipart=False, **settings))

    def _upload(self, source: BinaryIO, threads: int, settings: dict[str, Any]) -> None:
        pieces, block = Pieces(source, self._container.block), self._container.block
        put = partial(self._container.blocks.put, self._name, pieces, chunk_size=block, max_concurrency=threads)
        try:
            self._container.asked(partial(put, **settings), pieces)
        except HttpResponseError as error:
            # The answer to a first commit of these blocks was lost: now they are no longer uncommitted.
            if code_of(error) != "InvalidBlockList" or self._sdk.get_blob_properties().size != pieces.size:
                raise
