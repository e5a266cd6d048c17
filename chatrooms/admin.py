"""Rooms in the studio."""

from typing import Any, cast

from django.contrib import admin
from django.db.models.functions import Left
from django.http import HttpRequest
from django.utils.text import Truncator

from accounts.models import User
from chatrooms import services
from chatrooms.models import Room, RoomMember, RoomMessage, RoomType
from chatrooms.serializers import NewRoomMemberSerializer, RoomSerializer
from common.admin import InlineAdmin, SoftDeleteAdmin, TableAdmin, TrashFilter, link_to_rows
from common.forms import held_to

BEGINNING = 80


class RoomMemberInline(InlineAdmin, admin.TabularInline):
    """Who is in a room; each place is changed on a page of its own."""

    model = RoomMember
    fields = readonly_fields = ("user", "role", "joined_at", "last_read_seq")
    extra = 0
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("room", "user")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Room)
class RoomAdmin(SoftDeleteAdmin):
    """Rooms are opened by their people; here groups are renamed, and all are hidden and brought back."""

    form = held_to(RoomSerializer)
    list_display = ("__str__", "type", "created_by", "said", "created_at", "updated_at", "deleted_at")
    list_filter = (TrashFilter, "type", "created_at")
    list_select_related = ("created_by",)
    search_fields = ("name",)
    search_keys = ("pk", "direct_key__contains")
    search_help_text = "A group's name, or the key of a room or of one of two people."
    raw_id_fields = ("created_by",)
    readonly_fields = (
        *SoftDeleteAdmin.readonly_fields,
        "type",
        "direct_key",
        "last_seq",
        "last_revision",
        "purged_revision",
    )
    inlines = (RoomMemberInline,)

    @admin.display(description="Messages")
    def said(self, room: Room) -> str:
        return link_to_rows(RoomMessage, room.last_seq, room=room)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "name") if obj and obj.type == RoomType.DIRECT else fields


@admin.register(RoomMember)
class RoomMemberAdmin(TableAdmin):
    """Who is in which room; a group that everyone has left is given to somebody here."""

    form = held_to(NewRoomMemberSerializer)
    list_display = ("user", "room", "role", "joined_at", "last_read_seq")
    list_filter = ("role", "joined_at")
    list_select_related = ("user", "room")
    ordering = ("-joined_at", "-id")
    search_fields = ("user__email", "user__name", "room__name")
    raw_id_fields = fixed_fields = ("room", "user")
    readonly_fields = (*TableAdmin.readonly_fields, "joined_at", "last_read_seq")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("room", "user")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_fixed(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_fixed(obj) and admin.ModelAdmin.has_delete_permission(self, request, obj)

    def add_row(self, request: HttpRequest, row: RoomMember) -> None:
        row.pk = services.add_member_by_staff(room_id=row.room_id, user=row.user, role=row.role).pk

    def change_row(self, request: HttpRequest, row: RoomMember, columns: set[str]) -> None:
        services.change_member_by_staff(room_id=row.room_id, user_id=row.user_id, role=row.role)

    def remove_row(self, request: HttpRequest, row: RoomMember) -> None:
        staff = cast(User, request.user)
        services.remove_member_by_staff(room_id=row.room_id, by=staff, user_id=row.user_id)


def _is_fixed(place: RoomMember | None) -> bool:
    return place is not None and place.room.type == RoomType.DIRECT


@admin.register(RoomMessage)
class RoomMessageAdmin(SoftDeleteAdmin):
    """Staff read what was said, hide it and bring it back; they do not rewrite the words of others."""

    list_display = ("beginning", "type", "room", "user", "created_at", "edited_at", "deleted_at")
    list_filter = (TrashFilter,)
    list_select_related = ("room", "user")
    # The latest key first, which is by time where Lyceum made the keys.
    ordering = ("-id",)
    # In any other order the largest table would be sorted whole.
    sortable_by = ()
    search_fields = search_keys = ("pk", "room")
    search_help_text = "Key of a message or of a room"

    @admin.display(description="content")
    def beginning(self, message: Any) -> str:
        return Truncator(message.beginning).chars(BEGINNING)

    def get_list_filter(self, request: HttpRequest) -> Any:
        # In all rooms the rarer types would be looked for in every row.
        narrowed = "room__id__exact" in request.GET
        return (*self.list_filter, "type") if narrowed else self.list_filter

    def listed(self, rows: Any) -> Any:
        return rows.annotate(beginning=Left("content", BEGINNING + 1)).defer("content")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    # In both, every message takes a revision of its room, so that its readers hear of it.

    def hide_rows(self, request: HttpRequest, rows: Any) -> int:
        return services.hide_messages(messages=rows, by=cast(User, request.user))

    def bring_rows_back(self, rows: Any) -> int:
        return services.bring_messages_back(messages=rows)
