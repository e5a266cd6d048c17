"""Refusals that the domain itself speaks: what is so, without a word of HTTP beyond the status."""


class DomainError(Exception):
    """A rule of the domain refuses a request; the docstring of the subclass is what the client reads.

    `code` is what a program reads, `status` the class of refusal (409 unless said otherwise),
    `extra` further keys of the answer, `retry_after` the seconds after which it may be different.
    """

    code = "conflict"
    status = 409
    retry_after = 0

    def __init__(self, **extra: str):
        self.extra = extra
        self.message = (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(self.message)


class IdConflict(DomainError):
    """This id is already in use for something else."""

    code = "id_conflict"


class NotVisible(DomainError):
    """Not found."""

    code, status = "not_found", 404


class Forbidden(DomainError):
    """You may not do this."""

    code, status = "permission_denied", 403
