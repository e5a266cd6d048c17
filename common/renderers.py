"""JSON out."""

import datetime
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


def iso_time(value: Any) -> str:
    """A time with six digits and Z; orjson itself would drop zero microseconds."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return str(value)


class JSONRenderer(BaseRenderer):
    """UTF-8 JSON without blanks."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data, accepted_media_type=None, renderer_context=None) -> bytes:
        if data is None:
            return b""
        return orjson.dumps(data, default=iso_time, option=orjson.OPT_PASSTHROUGH_DATETIME)
