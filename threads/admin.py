"""Threads and their messages in the studio."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars

from common.admin import SoftDeleteAdmin, TrashFilter, link_to_rows
from threads.models import Message, Thread


@admin.register(Thread)
class ThreadAdmin(SoftDeleteAdmin):
    """Conversations with the number of their messages."""

    list_display = ("title", "user", "material", "messages", "updated_at", "deleted_at")
    list_filter = (TrashFilter,)
    list_select_related = ("user", "material")
    search_fields = ("title", "user__email")
    autocomplete_fields = ("user", "material")
    readonly_fields = (*SoftDeleteAdmin.readonly_fields, "last_seq")

    def get_queryset(self, request: HttpRequest) -> Any:
        return Thread.objects.with_message_count()

    @admin.display(description="Messages")
    def messages(self, thread: Any) -> str:
        return link_to_rows(Message, thread.message_count, thread=thread)


@admin.register(Message)
class MessageAdmin(SoftDeleteAdmin):
    """Turns of conversations, the latest key first, which is by time where Lyceum made the keys."""

    list_display = ("beginning", "role", "seq", "thread", "created_at", "deleted_at")
    list_filter = (TrashFilter, "role")
    list_select_related = ("thread",)
    search_fields = ("=id", "=thread__id")
    search_help_text = "Key of a message or of a thread"
    readonly_fields = (*SoftDeleteAdmin.readonly_fields, "thread", "seq", "role")
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A message takes its number under its thread's lock, which is the service's business.
        return False

    @admin.display(description="Message")
    def beginning(self, message: Message) -> str:
        return truncatechars(message.content, 80)
