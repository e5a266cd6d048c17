"""The addresses of rooms."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.services import AlreadyMember
from chatrooms import services
from chatrooms.models import Room, RoomMember, RoomMessage
from chatrooms.serializers import (
    ROOM_CHANGE,
    ChangesQuery,
    DirectRoomSerializer,
    NewRoomMemberSerializer,
    ReadMarkerSerializer,
    RoomChangeSerializer,
    RoomHistoryQuery,
    RoomMemberSerializer,
    RoomMessageSerializer,
    RoomQuery,
    RoomRoleSerializer,
    RoomSerializer,
)
from common.pagination import SequencePagination
from common.queries import PageQuery
from common.views import CreateMixin, LibraryViewSet, ListMixin, PatchMixin


class RoomViewSet(LibraryViewSet):
    """One's rooms."""

    queryset = Room.objects.all()
    serializer_class = RoomSerializer
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

    def paginate_queryset(self, queryset, request, view=None):
        rows = super().paginate_queryset(queryset.with_room_revision(), request, view)
        # Of the same statement as the rows, so that what came later is a change after it. Without rows it
        # is from the gate, which was asked before: a change may then come again, but none is missed.
        self.last_revision = rows[0].room_revision if rows else view.room.last_revision
        return rows

    def get_paginated_response(self, data: list) -> Response:
        answer = super().get_paginated_response(data)
        answer.data["last_revision"] = self.last_revision
        return answer

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return with_last_revision(super().get_paginated_response_schema(schema))


class HistoryGone(APIException):
    """What happened after the number that the reader knows is not all there any more."""

    status_code = 410


class ChangesPagination(SequencePagination):
    """What has happened in a room since a revision, at most 200 changes; each message once, as it is now."""

    limit = 200

    def paginate_queryset(self, queryset, request, view=None):
        after = view.query["after"]
        changes = queryset.changed_after(after).with_room_revision().with_purged_revision()[: self.limit + 1]
        rows = list(changes)
        if not rows:
            # Nothing has happened, or this is no room of the reader's.
            room = view.open_parent()
            latest, purged = room.last_revision, room.purged_revision
            if latest > after:
                rows = list(changes.all())  # it has, between the two questions
        if rows:
            # Of the same statement as the rows, so that nothing comes in between.
            latest, purged = rows[0].room_revision, rows[0].purged_revision
        if after < purged:
            raise HistoryGone
        self.has_more = len(rows) > self.limit
        rows = rows[: self.limit]
        self.last_revision = rows[-1].revision if self.has_more else latest
        return rows

    def get_paginated_response(self, data: list) -> Response:
        return Response({"items": data, "last_revision": self.last_revision, "has_more": self.has_more})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return with_last_revision(super().get_paginated_response_schema(schema))


class RoomChangeViewSet(ListMixin):
    """What has become of the messages of one room."""

    queryset = RoomMessage.objects.all()
    serializer_class = RoomChangeSerializer
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
