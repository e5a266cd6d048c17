"""The addresses of threads."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import IdConflict
from common.pagination import SequencePagination
from common.queries import HistoryQuery, TailQuery
from common.views import CreateMixin, LibraryViewSet, ListMixin, PatchMixin
from threads import services
from threads.models import Message, Thread
from threads.serializers import (
    BatchAnswerSerializer,
    BatchSerializer,
    DroppedSerializer,
    MessageSerializer,
    ThreadQuery,
    ThreadSerializer,
)


class ThreadViewSet(LibraryViewSet):
    """One's conversations."""

    queryset = Thread.objects.all()
    serializer_class = ThreadSerializer
    compiled = {"list", "retrieve"}
    queries = {"list": ThreadQuery}

    def get_queryset(self):
        threads = self.scope(Thread.objects)
        return threads.with_live_material().with_message_count().with_last_message()

    def listed(self, queryset):
        query = self.query
        return (
            queryset.about(query.get("material"))
            .matching(query["search"], "title")
            .sorted_by(*query["ordering"])
        )

    def perform_create(self, serializer: Any) -> None:
        thread = services.create_thread(owner=self.viewer, **serializer.validated_data)
        serializer.instance = get_object_or_404(self.get_queryset(), pk=thread.pk)

    def perform_update(self, serializer: Any) -> None:
        services.change_thread(thread_id=serializer.instance.pk, by=self.viewer, **serializer.validated_data)

    def perform_destroy(self, instance: Thread) -> None:
        services.delete_thread(thread_id=instance.pk, by=self.viewer)

    def perform_restore(self, key) -> None:
        services.restore_thread(thread_id=key, by=self.viewer)


class MessageViewSet(
    CreateMixin,
    ListMixin,
    mixins.RetrieveModelMixin,
    PatchMixin,
    mixins.DestroyModelMixin,
):
    """The turns of one conversation."""

    queryset = Message.objects.all()
    serializer_class = MessageSerializer
    compiled = {"list"}
    pagination_class = SequencePagination
    queries = {"list": HistoryQuery, "drop_tail": TailQuery}
    conflicts = {"batch": (IdConflict,)}
    parent = Thread.objects.all()
    parent_kwarg = "thread_id"
    max_body_bytes = 10 * 2**20

    def get_queryset(self):
        return Message.objects.visible_to(self.viewer).in_thread(self.kwargs["thread_id"])

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = services.post_message(
            thread_id=self.kwargs["thread_id"], author=self.viewer, **serializer.validated_data
        )

    def perform_update(self, serializer: Any) -> None:
        services.change_message(
            thread_id=self.kwargs["thread_id"],
            message_id=serializer.instance.pk,
            by=self.viewer,
            **serializer.validated_data,
        )

    def perform_destroy(self, instance: Message) -> None:
        services.delete_message(thread_id=self.kwargs["thread_id"], message_id=instance.pk, by=self.viewer)

    @extend_schema(
        request=BatchSerializer, responses={200: BatchAnswerSerializer, 201: BatchAnswerSerializer}
    )
    def batch(self, request: Request, thread_id) -> Response:
        """Add several turns, all or none; those that are there already stay as they are."""
        serializer = BatchSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        rows, any_new = services.post_messages(
            thread_id=thread_id, author=self.viewer, **serializer.validated_data
        )
        items = self.get_serializer(rows, many=True).data
        return Response({"items": items}, status=201 if any_new else 200)

    @extend_schema(responses={200: DroppedSerializer})
    def drop_tail(self, request: Request, thread_id) -> Response:
        """Drop every turn after a number, so that an answer can be made anew."""
        dropped = services.drop_tail(thread_id=thread_id, after=self.query["after"], by=self.viewer)
        return Response({"deleted": dropped})
