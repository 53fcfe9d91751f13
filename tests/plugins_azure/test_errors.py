"""What errors tell, and what they do not."""

import traceback

import pytest
from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError

from datanectar.errors import StorageError
from datanectar_azure.engine.refusals import refused
from datanectar_azure.errors import Place, typed_errors

PLACE = Place("az://acme.blob.core.windows.net/eta", "eta", "acme", "sv=1&sig=hush")
URL = "https://acme.blob.core.windows.net/eta/a?sv=1&sig=hush"


def without_answer() -> AzureError:
    return ServiceRequestError(f"no connection to {URL}", error=OSError(1, OSError(f"of {URL}")))


def with_answer() -> HttpResponseError:
    return refused(403, "AuthenticationFailed", f"GET {URL} was refused")


@pytest.mark.parametrize("made", [without_answer, with_answer, lambda: ValueError(f"{URL} has no length")])
def test_the_signature_is_in_no_error_and_in_no_cause_of_one(made):
    error = made()
    error.__cause__ = ConnectionError(f"cannot open {URL}")
    with pytest.raises(StorageError) as caught, typed_errors(PLACE, "read", "a"):
        raise error
    shown = "".join(traceback.format_exception(caught.value))
    assert shown.count("sig=***") >= 2
    assert "hush" not in f"{shown}{caught.value.__cause__!r}{caught.value.__cause__.args}"
