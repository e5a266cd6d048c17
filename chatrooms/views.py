"""The addresses of rooms."""

from typing import Any

from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.serializers import UserSerializer
from accounts.services import AlreadyMember
from chatrooms import services
from chatrooms.live.frames import past
from chatrooms.live.hub import present, say
from chatrooms.live.streams import Stream
from chatrooms.models import Room, RoomMember, RoomMessage
from chatrooms.serializers import (
    ROOM_CHANGE,
    ChangesQuery,
    DirectRoomSerializer,
    EventsQuery,
    NewRoomMemberSerializer,
    PresenceSerializer,
    ReadMarkerSerializer,
    RoomChangeSerializer,
    RoomEventSerializer,
    RoomHistoryQuery,
    RoomMemberSerializer,
    RoomMessageSerializer,
    RoomQuery,
    RoomRoleSerializer,
    RoomSerializer,
)
from common.constraints import MAX_INTEGER
from common.downloads import AnyType
from common.pagination import SequencePagination
from common.queries import PageQuery
from common.serializers import StrictSerializer
from common.views import CreateMixin, LibraryViewSet, ListMixin, PatchMixin


class RoomViewSet(LibraryViewSet):
    """One's rooms."""

    queryset = Room.objects.all()
    serializer_class = RoomSerializer
    compiled = {"list", "retrieve"}
    queries = {"list": RoomQuery}
    conflicts = {"partial_update": (services.DirectRoomFixed,)}

    def get_queryset(self):
        viewer = self.viewer
        rooms = self.scope(Room.objects).with_place_of(viewer).with_unread_count(viewer)
        return rooms.with_member_count().with_last_message().with_other(viewer)

    def listed(self, queryset):
        query = self.query
        return (
            queryset.of_type(query.get("type"))
            .matching(query["search"], "name")
            .sorted_by(*query["ordering"])
        )

    def has_role(self) -> bool:
        if self.action not in ("partial_update", "destroy"):
            return True
        return Room.objects.administered_by(self.viewer).filter(pk=self.kwargs["pk"]).exists()

    def trash_in_sight(self):
        return Room.objects.deleted_of_member(self.viewer)

    def perform_create(self, serializer: Any) -> None:
        room = services.create_group(owner=self.viewer, **serializer.validated_data)
        serializer.instance = get_object_or_404(self.get_queryset(), pk=room.pk)

    def perform_update(self, serializer: Any) -> None:
        services.rename_room(room_id=serializer.instance.pk, by=self.viewer, **serializer.validated_data)

    def perform_destroy(self, instance: Room) -> None:
        services.delete_room(room_id=instance.pk, by=self.viewer)

    def perform_restore(self, key) -> None:
        services.restore_room(room_id=key, by=self.viewer)

    @extend_schema(request=DirectRoomSerializer, responses={200: RoomSerializer, 201: RoomSerializer})
    @action(detail=False, methods=["post"])
    def direct(self, request: Request) -> Response:
        """Talk to one person: the room of the two, made if there is none."""
        serializer = DirectRoomSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        serializer.resolve_references()
        room, is_new = services.open_direct_room(by=self.viewer, **serializer.validated_data)
        shown = self.get_serializer(get_object_or_404(self.get_queryset(), pk=room.pk))
        return Response(shown.data, status=201 if is_new else 200)

    @extend_schema(request=ReadMarkerSerializer, responses=ReadMarkerSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk) -> Response:
        """Mark what was said up to a number as read; the marker never moves back."""
        serializer = ReadMarkerSerializer(self._marked(), data=request.data)
        serializer.is_valid(raise_exception=True)
        services.mark_read(room_id=pk, reader=self.viewer, **serializer.validated_data)
        return Response(ReadMarkerSerializer(self._marked()).data)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def typing(self, request: Request, pk) -> Response:
        """Tell the room's open streams that one is typing; nothing is stored."""
        StrictSerializer(data=request.data).is_valid(raise_exception=True)
        room = get_object_or_404(Room.objects.visible_to(self.viewer), pk=pk)
        say(room.pk, {"user": UserSerializer(self.viewer).data})
        return Response(status=204)

    @extend_schema(responses=PresenceSerializer)
    @action(detail=True, pagination_class=None)
    def presence(self, request: Request, pk) -> Response:
        """Who of the room has a stream open, the longest-standing member first."""
        room = get_object_or_404(Room.objects.visible_to(self.viewer), pk=pk)
        members = RoomMember.objects.visible_to(self.viewer).in_room(room.pk)
        there = present(room.pk, members.people())
        people = [member.user for member in members.filter(user__in=there)] if there else []
        return Response({"items": UserSerializer(people, many=True).data})

    def _marked(self) -> Room:
        rooms = Room.objects.visible_to(self.viewer).with_place_of(self.viewer)
        return get_object_or_404(rooms.with_unread_count(self.viewer), pk=self.kwargs["pk"])


class RoomMemberViewSet(ListMixin, mixins.RetrieveModelMixin):
    """Who is in a room."""

    queryset = RoomMember.objects.all()
    serializer_class = RoomMemberSerializer
    queries = {"list": PageQuery}
    conflicts = {
        "create": (AlreadyMember, services.DirectRoomFixed),
        "partial_update": (services.LastAdmin, services.DirectRoomFixed),
        "destroy": (services.DirectRoomFixed,),
    }
    parent = Room.objects.all()
    parent_kwarg = "room_id"
    lookup_field = "user_id"

    def get_queryset(self):
        return RoomMember.objects.visible_to(self.viewer).in_room(self.kwargs["room_id"])

    def has_role(self) -> bool:
        leaves = self.action == "destroy" and self.kwargs["user_id"] == self.viewer.pk
        if leaves or self.action not in ("create", "partial_update", "destroy"):
            return True
        return Room.objects.administered_by(self.viewer).filter(pk=self.kwargs["room_id"]).exists()

    @extend_schema(request=NewRoomMemberSerializer, responses={201: RoomMemberSerializer})
    def create(self, request: Request, room_id) -> Response:
        """Take a person in."""
        self.gate()
        serializer = NewRoomMemberSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        serializer.resolve_references()
        member = services.add_member(room_id=room_id, by=self.viewer, **serializer.validated_data)
        return Response(self.get_serializer(member).data, status=201)

    @extend_schema(request=RoomRoleSerializer)
    def partial_update(self, request: Request, room_id, user_id) -> Response:
        """Give a member another role."""
        self.gate()
        serializer = RoomRoleSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        if serializer.validated_data:
            services.change_member(
                room_id=room_id, by=self.viewer, user_id=user_id, **serializer.validated_data
            )
        return Response(self.get_serializer(self.get_object()).data)

    def destroy(self, request: Request, room_id, user_id) -> Response:
        """Let a member go, or leave."""
        services.remove_member(room_id=room_id, by=self.viewer, user_id=user_id)
        return Response(status=204)


def with_last_revision(envelope: dict[str, Any]) -> dict[str, Any]:
    """The schema of a window that says how far its reader has come."""
    envelope["properties"]["last_revision"] = {"type": "integer"}
    envelope["required"].append("last_revision")
    return envelope


class RoomHistoryPagination(SequencePagination):
    """A window of a room's history, with the revision from which its reader can go on with changes."""

    extras: tuple[str, ...] = ("room_revision",)

    def paginate_queryset(self, queryset, request, view=None):
        rows = super().paginate_queryset(queryset, request, view)
        # Of the same statement as the rows, so that what came later is a change after it. Without rows it
        # is from the gate, which was asked before: a change may then come again, but none is missed.
        self.last_revision = rows[0].room_revision if rows else view.room.last_revision
        return rows

    def get_paginated_response(self, data: list) -> Response:
        return Response(self.enveloped(data, self.query, (self.last_revision,)))

    def narrowed(self, queryset: Any, query: Any) -> Any:
        return super().narrowed(queryset.with_room_revision(), query)

    def enveloped(self, items: list, query: Any, extras: tuple[Any, ...]) -> dict[str, Any]:
        (last_revision,) = extras
        return super().enveloped(items, query, extras) | {"last_revision": last_revision}

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return with_last_revision(super().get_paginated_response_schema(schema))


class HistoryGone(APIException):
    """What happened after the number that the reader knows is not all there any more."""

    status_code = 410


class ChangesPagination(SequencePagination):
    """What has happened in a room since a revision, at most 200 changes; each message once, as it is now."""

    spanned_by: tuple[str, ...] = ()
    extras: tuple[str, ...] = ("room_revision", "purged_revision")
    limit = 200

    def paginate_queryset(self, queryset, request, view=None):
        self.query = view.query
        length, _ = self.span(view.query)
        changes = self.narrowed(queryset, view.query)[:length]
        rows = list(changes)
        if not rows:
            # Nothing has happened, or this is no room of the reader's.
            room = view.open_parent()
            self.reached = room.last_revision, room.purged_revision
            if room.last_revision > view.query["after"]:
                rows = list(changes.all())  # it has, between the two questions
        if rows:
            # Of the same statement as the rows, so that nothing comes in between.
            self.reached = rows[0].room_revision, rows[0].purged_revision
        return rows

    def get_paginated_response(self, data: list) -> Response:
        return Response(self.enveloped(data, self.query, self.reached))

    def narrowed(self, queryset: Any, query: Any) -> Any:
        return queryset.changed_after(query["after"]).with_room_revision().with_purged_revision()

    def span(self, query: Any) -> tuple[int, int]:
        return self.limit + 1, 0

    def enveloped(self, items: list, query: Any, extras: tuple[Any, ...]) -> dict[str, Any]:
        latest, purged = extras
        if query["after"] < purged:
            raise HistoryGone
        window, has_more = items[: self.limit], len(items) > self.limit
        last_revision = window[-1]["revision"] if has_more else latest
        return {"items": window, "last_revision": last_revision, "has_more": has_more}

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return with_last_revision(super().get_paginated_response_schema(schema))


class RoomChangeViewSet(ListMixin):
    """What has become of the messages of one room."""

    queryset = RoomMessage.objects.all()
    serializer_class = RoomChangeSerializer
    compiled = {"list"}
    pagination_class = ChangesPagination
    queries = {"list": ChangesQuery}
    refusals = {HistoryGone.status_code}
    parent = Room.objects.all()
    parent_kwarg = "room_id"

    def get_queryset(self):
        return RoomMessage.objects.told_to(self.viewer).in_room(self.kwargs["room_id"]).with_author()

    @extend_schema(responses=ROOM_CHANGE)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read on from a revision.

        `last_revision` is how far this answer goes: the `after` of the next call. `410 history_gone` says
        that too much has been purged since; read the history instead.
        """
        # One statement: the room itself is asked only where no row speaks for it.
        rows = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)


class EventStream(StreamingHttpResponse):
    """What happens in a room, as it happens.

    The server takes `stream` and keeps it open. One that cannot sends what has happened until now and ends,
    and the client comes back for more.
    """

    def __init__(self, stream: Stream):
        super().__init__(
            past(stream.room_id, stream.revision),
            content_type="text/event-stream",
            # Kept by nobody, and held back by no proxy.
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
        self.stream = stream


class RoomEventViewSet(ListMixin):
    """What happens in one room."""

    queryset = RoomMessage.objects.all()
    content_negotiation_class = AnyType
    pagination_class = None
    queries = {"list": EventsQuery}
    refusals = {HistoryGone.status_code}
    parent = Room.objects.all()
    parent_kwarg = "room_id"

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "Last-Event-ID",
                {"type": "integer", "minimum": 0, "maximum": MAX_INTEGER},
                OpenApiParameter.HEADER,
                description="Goes before `after`.",
            )
        ],
        responses={(200, "text/event-stream"): forced_singular_serializer(RoomEventSerializer)},
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Follow a room live, by server-sent events.

        `message` and `deleted` carry what `changes/` has and the revision as their id; `typing` carries a
        person and no id. A comment comes when nothing has happened for 15 seconds. The stream ends with the
        membership, the log-in or the room. `410 history_gone` says that too much has been purged since.
        """
        known = self.query.get("after")
        if "Last-Event-ID" in request.headers:
            known = self._last_event(request.headers["Last-Event-ID"])
        rooms: Any = Room.objects.visible_to(self.viewer).with_seat_of(self.viewer)
        room = get_object_or_404(rooms, pk=self.kwargs["room_id"])
        revision = room.last_revision if known is None else known
        if revision < room.purged_revision:
            raise HistoryGone
        session: Any = request.auth
        return EventStream(Stream(room_id=room.pk, seat=room.seat, session=session, revision=revision))

    def _last_event(self, header: str) -> int:
        try:
            return EventsQuery().fields["after"].run_validation(header)
        except ValidationError as invalid:
            raise ValidationError({"Last-Event-ID": invalid.detail}) from None


class RoomMessageViewSet(
    CreateMixin,
    ListMixin,
    mixins.RetrieveModelMixin,
    PatchMixin,
    mixins.DestroyModelMixin,
):
    """What was said in one room."""

    queryset = RoomMessage.objects.all()
    serializer_class = RoomMessageSerializer
    compiled = {"list"}
    pagination_class = RoomHistoryPagination
    queries = {"list": RoomHistoryQuery}
    parent = Room.objects.all()
    parent_kwarg = "room_id"

    def get_queryset(self):
        messages = RoomMessage.objects.visible_to(self.viewer).in_room(self.kwargs["room_id"])
        return messages.with_author()

    def listed(self, queryset):
        return queryset.matching(self.query["search"], "content")

    def open_parent(self) -> Room:
        self.room = super().open_parent()
        return self.room

    def has_role(self) -> bool:
        messages = RoomMessage.objects.visible_to(self.viewer)
        if self.action == "partial_update":
            return messages.written_by(self.viewer).filter(pk=self.kwargs["pk"]).exists()
        if self.action == "destroy":
            return messages.deletable_by(self.viewer).filter(pk=self.kwargs["pk"]).exists()
        return True

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = services.post_message(
            room_id=self.kwargs["room_id"], author=self.viewer, **serializer.validated_data
        )

    def perform_update(self, serializer: Any) -> None:
        services.edit_message(
            room_id=self.kwargs["room_id"],
            message_id=serializer.instance.pk,
            by=self.viewer,
            **serializer.validated_data,
        )

    def perform_destroy(self, instance: RoomMessage) -> None:
        services.delete_message(room_id=self.kwargs["room_id"], message_id=instance.pk, by=self.viewer)
