"""Rooms in the studio."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.text import Truncator

from accounts.models import User
from chatrooms import services
from chatrooms.models import Room, RoomMember, RoomMessage, RoomType
from common.admin import SoftDeleteAdmin, TableAdmin, TrashFilter, link_to_rows


class RoomMemberInline(admin.TabularInline):
    """Who is in a room; each place is changed on a page of its own."""

    model = RoomMember
    fields = readonly_fields = ("user", "role", "joined_at", "last_read_seq")
    extra = 0
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Room)
class RoomAdmin(SoftDeleteAdmin):
    """Rooms are opened by their people; here groups are renamed, and all are hidden and brought back."""

    list_display = ("__str__", "type", "created_by", "said", "created_at", "updated_at", "deleted_at")
    list_filter = (TrashFilter, "type", "created_at")
    list_select_related = ("created_by",)
    search_fields = ("name", "direct_key")
    search_help_text = "A group's name, or the id of one of two people."
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


class RoomMemberForm(forms.ModelForm):
    """A place in a group; those of a direct room are fixed."""

    class Meta:
        model = RoomMember
        fields = ("room", "user", "role")

    def clean_room(self) -> Room:
        room = self.cleaned_data["room"]
        if room.type == RoomType.DIRECT:
            raise ValidationError(services.DirectRoomFixed().message)
        return room


@admin.register(RoomMember)
class RoomMemberAdmin(TableAdmin):
    """Who is in which room; a group that everyone has left is given to somebody here."""

    form = RoomMemberForm
    list_display = ("user", "room", "role", "joined_at", "last_read_seq")
    list_filter = ("role", "joined_at")
    list_select_related = ("user", "room")
    ordering = ("-joined_at", "-id")
    search_fields = ("user__email", "user__name", "room__name")
    raw_id_fields = ("room", "user")
    readonly_fields = (*TableAdmin.readonly_fields, "joined_at", "last_read_seq")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "room", "user") if obj else fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        fixed = obj is not None and obj.room.type == RoomType.DIRECT
        return not fixed and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: RoomMember, form: Any, change: bool) -> None:
        if not change:
            # Nothing said earlier is unread to a newcomer.
            obj.last_read_seq = obj.room.last_seq
        super().save_model(request, obj, form, change)


@admin.register(RoomMessage)
class RoomMessageAdmin(SoftDeleteAdmin):
    """Staff read what was said, hide it and bring it back; they do not rewrite the words of others."""

    list_display = ("beginning", "type", "room", "user", "created_at", "edited_at", "deleted_at")
    list_filter = (TrashFilter, "type")
    list_select_related = ("room", "user")
    # The latest key first, which is by time where Lyceum made the keys.
    ordering = ("-id",)
    search_fields = ("=id", "=room__id")
    search_help_text = "Key of a message or of a room"

    @admin.display(description="content")
    def beginning(self, message: RoomMessage) -> str:
        return Truncator(message.content).chars(80)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    # In both, every message takes a revision of its room, so that its readers hear of it.

    @admin.action(description="Hide: put in the trash", permissions=["change"])
    def hide(self, request: HttpRequest, queryset: Any) -> None:
        count = services.hide_messages(messages=queryset, by=cast(User, request.user))
        self.message_user(request, f"{count} put in the trash.")

    @admin.action(description="Bring back from the trash", permissions=["change"])
    def bring_back(self, request: HttpRequest, queryset: Any) -> None:
        count = services.bring_messages_back(messages=queryset)
        self.message_user(request, f"{count} brought back.")
