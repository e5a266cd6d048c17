"""Conditional requests: the version of a row is what its answer says, told by a strong ETag."""

from hashlib import blake2b
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags

from common.renderers import JSONRenderer


def version_of(body: bytes) -> str:
    """The ETag of an answer: another for any other answer."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


CONDITIONS = {"HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"}


def versioned(request: HttpRequest, body: bytes) -> HttpResponse:
    """The answer with its version; 304 where that is the one that the client has."""
    version = version_of(body)
    answer = HttpResponse(body, content_type="application/json", headers={"ETag": version})
    if CONDITIONS & request.META.keys():
        return get_conditional_response(request, etag=version, response=answer) or answer
    return answer


def names(condition: str, data: Any) -> bool:
    """Whether an `If-Match` names the version of what a serializer shows."""
    return version_of(JSONRenderer().render(data)) in parse_etags(condition)
