"""What every address of the API does alike: the order of refusals, strict queries, repeatable creates."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, ClassVar, cast

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from common.errors import DomainError, Forbidden, IdConflict
from common.pagination import Page
from common.parsers import MAX_BYTES, StrictJSONParser, TooLarge
from common.queries import NoQuery, read_query
from common.renderers import JSONRenderer
from common.serializers import StrictSerializer
from common.versions import names, versioned


class PreconditionFailed(exceptions.APIException):
    """The row is not in the state that the client names."""

    status_code = 412


_SHAPE_REFUSALS = (
    exceptions.MethodNotAllowed,
    exceptions.ParseError,
    exceptions.UnsupportedMediaType,
    exceptions.ValidationError,
    PreconditionFailed,
    TooLarge,
)


class ApiViewSet(viewsets.GenericViewSet):
    """One resource.

    `queries` declares the query parameters of each action; `self.query` holds them read. `conflicts` are the
    refusals with 409 that an action has, beside that of a client's id, `refusals` the statuses that only this
    resource answers with. `max_body_bytes` is the limit of JSON. `compiled` are the reads that are asked for
    most: see `common.reads`. `parent` is the queryset of the rows that
    this resource hangs under, `parent_kwarg` the key of the one in the path.
    """

    http_method_names = ["get", "post", "patch", "delete", "head"]
    lookup_value_converter = "uuid"
    pagination_class: Any = Page
    max_body_bytes = MAX_BYTES
    queries: ClassVar[dict[str, type[Serializer]]] = {}
    conflicts: ClassVar[dict[str, tuple[type[DomainError], ...]]] = {}
    refusals: ClassVar[set[int]] = set()
    compiled: ClassVar[set[str]] = set()
    parent: Any = None
    parent_kwarg = ""
    versioned = False
    query: Any = MappingProxyType({})

    @property
    def viewer(self) -> Any:
        """The person who asks."""
        return self.request.user

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action not in self.action_map.values():
            return  # a method that this address does not take
        try:
            text = request.META.get("QUERY_STRING", "")
            self.query = read_query(text, self.queries.get(self.action, NoQuery))
        except ValidationError:
            _ = request.data  # a body that is too large or of another type is refused before it
            raise
        if request.method == "PATCH" and request.stream is None:
            raise exceptions.ParseError("The body is empty; {} would change nothing.")
        if request.method == "DELETE":
            # It takes nothing: what somebody sends along, to narrow it perhaps, must not go unheard.
            StrictSerializer(data=request.data).is_valid(raise_exception=True)
            if not self.versioned:
                self.refuse_condition()

    @property
    def condition(self) -> str | None:
        """The versions that a write is for; None where it is for any."""
        condition = self.request.headers.get("If-Match", "*").strip()
        return None if condition == "*" else condition

    def refuse_condition(self) -> None:
        """Refuse a write for one version of a row that has none."""
        if self.condition is not None:
            raise PreconditionFailed

    def handle_exception(self, exc: Exception) -> Response:
        """Let the gate speak first: a 404 or 403 comes before what is wrong with the request itself."""
        if isinstance(exc, _SHAPE_REFUSALS):
            try:
                self.gate()
            except Exception as refusal:
                exc = refusal
        return super().handle_exception(exc)

    def gate(self) -> None:
        """Refuse who may not come as far as the body: 404 for what they cannot see, 403 for their role."""
        # The role before the row: who is removed between the two hears 404, like any stranger.
        allowed = self.has_role()
        self.open_parent()
        if (self.lookup_url_kwarg or self.lookup_field) in self.kwargs:
            self.get_object()
        if not allowed:
            raise Forbidden

    def has_role(self) -> bool:
        """Whether the viewer's role does for this action; roles are a matter of each resource."""
        return True

    def open_parent(self) -> Any:
        """The row in the path that this resource hangs under; 404 where the viewer cannot see it."""
        if self.parent is None:
            return None
        rows = self.parent.visible_to(self.viewer)
        return get_object_or_404(rows, pk=self.kwargs[self.parent_kwarg])

    def scope(self, manager: Any) -> Any:
        """The viewer's rows or, with `?deleted=true`, those in the viewer's trash."""
        if self.query.get("deleted"):
            return manager.in_trash_of(self.viewer)
        return manager.visible_to(self.viewer)

    def listed(self, queryset: Any) -> Any:
        """The rows of a list: filters and order, from `self.query`."""
        return queryset


class ListMixin(mixins.ListModelMixin, ApiViewSet):
    """GET of a collection."""

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        # Single rows come through here as well; they are not filtered.
        return self.listed(queryset) if self.action == "list" else queryset

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.open_parent()
        return super().list(request, *args, **kwargs)


class CreateMixin(ApiViewSet):
    """POST to a collection; with a client's `id` a repeated one finds the first one's row."""

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer: Any = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        replay = self.replayed(serializer)
        if replay is None:
            serializer.resolve_references()
            try:
                self.perform_create(serializer)
            except DomainError:
                # Another request with the same id may have come first: then this is its repetition.
                replay = self.replayed(serializer)
                if replay is None:
                    raise
        if replay is not None:
            return Response(self.get_serializer(replay).data)
        return Response(serializer.data, status=201)

    def replayed(self, serializer: Any) -> Any:
        """The row that an earlier request made of this body; None where the id is new or none is sent."""
        key = serializer.validated_data.get("id")
        if key is None:
            return None
        self.open_parent()
        queryset = self.get_queryset()
        # Whether the id is used at all comes first: the other way round, a row that appears in between
        # would look like somebody else's.
        if not queryset.model._base_manager.filter(pk=key).exists():
            return None
        row = queryset.filter(pk=key).first()
        # The one answer that tells of rows out of sight: their id cannot be used again.
        if row is None or not serializer.is_replayed_by(row):
            raise IdConflict
        return row

    def perform_create(self, serializer: Any) -> None:
        """Call the service and leave the row in `serializer.instance`."""
        raise NotImplementedError


class PatchMixin(ApiViewSet):
    """PATCH of one row; an empty one moves nothing."""

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        allowed = self.has_role()
        row = self.get_object()
        if not allowed:
            raise Forbidden
        serializer: Any = self.get_serializer(row, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        with self.unmoved():
            if serializer.validated_data:
                serializer.resolve_references()
                self.perform_update(serializer)
        if serializer.validated_data:
            # Read back, so that the answer is the row as it is now.
            row = self.get_object()
        return Response(self.get_serializer(row).data)

    @contextmanager
    def unmoved(self) -> Iterator[None]:
        """Refuse what is for another version than the row has; in here it stays as it is."""
        self.refuse_condition()
        yield

    def perform_update(self, serializer: Any) -> None:
        """Call the service with what was sent."""
        raise NotImplementedError


class VersionedMixin(PatchMixin):
    """One row whose answer carries its version, and which may be written on the condition of that."""

    versioned = True

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        body = JSONRenderer().render(self.get_serializer(self.get_object()).data)
        return versioned(request._request, body)

    @contextmanager
    def unmoved(self) -> Iterator[None]:
        if self.condition is None:
            yield
            return
        with transaction.atomic():
            # The lock first: what is read after it is what the write meets.
            rows = cast(Any, self).queryset.filter(pk=self.get_object().pk)
            list(rows.select_for_update(no_key=True).values_list("pk"))
            if not names(self.condition, self.get_serializer(self.get_object()).data):
                raise PreconditionFailed
            yield


class VersionedDestroyMixin(VersionedMixin, mixins.DestroyModelMixin):
    """The same, of a row that may be deleted."""

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with self.unmoved():
            return super().destroy(request, *args, **kwargs)


class RestoreMixin(ApiViewSet):
    """POST …/restore/: out of the trash."""

    @extend_schema(request=None)
    # It takes nothing, no files either.
    @action(detail=True, methods=["post"], parser_classes=[StrictJSONParser])
    def restore(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Bring a deleted row back."""
        StrictSerializer(data=request.data).is_valid(raise_exception=True)
        self.perform_restore(kwargs["pk"])
        return Response(self.get_serializer(self.get_object()).data)

    def gate(self) -> None:
        if "restore" in self.action_map.values():
            rows = cast(Any, self).queryset.in_trash_of(self.viewer)
            allowed = rows.filter(pk=self.kwargs["pk"]).exists()
            get_object_or_404(self.trash_in_sight(), pk=self.kwargs["pk"])
            if not allowed:
                raise Forbidden
        else:
            super().gate()

    def trash_in_sight(self) -> Any:
        """The deleted rows that the viewer knows of; whether to restore them may be a matter of role."""
        return cast(Any, self).queryset.in_trash_of(self.viewer)

    def perform_restore(self, key: Any) -> None:
        """Call the service."""
        raise NotImplementedError


class LibraryViewSet(
    CreateMixin,
    ListMixin,
    VersionedDestroyMixin,
    RestoreMixin,
):
    """A library of one's own things: list, create, read, change, delete, restore."""
