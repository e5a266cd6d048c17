"""What every log line says of the request it belongs to."""

import logging
from contextvars import ContextVar

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="-")


class RequestIdFilter(logging.Filter):
    """Puts the id of the request at hand into each record; `-` outside of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Django logs a refusal after the middleware has ended, but with the request in the record.
        request = getattr(record, "request", None)
        record.request_id = getattr(request, "request_id", None) or current_request_id.get()
        return True
