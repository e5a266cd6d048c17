"""Threads and their messages in the studio."""

from typing import Any, cast

from django.contrib import admin
from django.db.models.functions import Left
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars

from accounts.models import User
from common.admin import SoftDeleteAdmin, TrashFilter, link_to_rows
from common.forms import held_to
from threads import services
from threads.models import Message, Thread
from threads.serializers import MessageSerializer, ThreadSerializer

BEGINNING = 80


@admin.register(Thread)
class ThreadAdmin(SoftDeleteAdmin):
    """Conversations with the number of their messages."""

    form = held_to(ThreadSerializer)
    list_display = ("title", "user", "material", "messages", "updated_at", "deleted_at")
    list_filter = (TrashFilter,)
    list_select_related = ("user", "material")
    search_fields = ("title", "user__email")
    autocomplete_fields = ("user", "material")
    # The material that it is about is its owner's.
    fixed_fields = ("user",)
    # In another order the messages of all threads would be counted, not those of a page.
    sortable_by = ("updated_at",)
    readonly_fields = (*SoftDeleteAdmin.readonly_fields, "last_seq")

    def listed(self, rows: Any) -> Any:
        # Of the material its title is shown, not its half a million characters.
        return rows.with_message_count().defer("material__content")

    @admin.display(description="Messages")
    def messages(self, thread: Any) -> str:
        return link_to_rows(Message, thread.message_count, trash="none", thread=thread)


@admin.register(Message)
class MessageAdmin(SoftDeleteAdmin):
    """Turns of conversations, the latest key first, which is by time where Lyceum made the keys."""

    form = held_to(MessageSerializer)
    list_display = ("beginning", "role", "seq", "thread", "created_at", "deleted_at")
    list_filter = (TrashFilter,)
    list_select_related = ("thread",)
    search_fields = search_keys = ("pk", "thread")
    search_help_text = "Key of a message or of a thread"
    readonly_fields = (*SoftDeleteAdmin.readonly_fields, "thread", "seq", "role")
    ordering = ("-id",)
    # The largest table but one is read by key alone: any other order would sort all of it.
    sortable_by = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A message takes its number under its thread's lock, which is the service's business.
        return False

    def get_list_filter(self, request: HttpRequest) -> Any:
        # In all threads the rarer roles would be looked for in every row.
        narrowed = "thread__id__exact" in request.GET
        return (*self.list_filter, "role") if narrowed else self.list_filter

    def listed(self, rows: Any) -> Any:
        shown = rows.annotate(beginning=Left("content", BEGINNING + 1))
        return shown.defer("content", "parts", "attachments", "metadata")

    @admin.display(description="Message")
    def beginning(self, message: Any) -> str:
        return truncatechars(message.beginning, BEGINNING)

    def change_row(self, request: HttpRequest, row: Message, columns: set[str]) -> None:
        services.correct_message(message=row, **{name: getattr(row, name) for name in columns})

    # In both, the thread moves, as it does where its owner deletes a message.

    def hide_rows(self, request: HttpRequest, rows: Any) -> int:
        return services.hide_messages(messages=rows, by=cast(User, request.user))

    def bring_rows_back(self, rows: Any) -> int:
        return services.bring_messages_back(messages=rows)
