"""The shapes of threads."""

from typing import Any

from rest_framework import serializers

from common.fields import JSONListField, JSONObjectField, KeyField, VisibleRelatedField
from common.queries import OrderingParameter, SearchParameter, TrashQuery
from common.serializers import ReplayableSerializer, StrictSerializer, refuse_repeated_ids
from materials.models import Material
from threads.models import Message, MessageRole, Thread

MAX_BATCH = 100


class LastMessageSerializer(serializers.Serializer):
    """The beginning of a thread's latest message."""

    seq = serializers.IntegerField()
    role = serializers.ChoiceField(choices=MessageRole.choices)
    content = serializers.CharField(help_text="The first 200 characters.")
    created_at = serializers.DateTimeField()


class ThreadSerializer(ReplayableSerializer):
    """A thread with its number of messages and the latest one."""

    material = VisibleRelatedField(
        queryset=Material.objects.all(),
        read_from="live_material_id",
        required=False,
        allow_null=True,
    )
    message_count = serializers.IntegerField(read_only=True)
    last_message = LastMessageSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Thread
        fields = (
            "id",
            "title",
            "material",
            "message_count",
            "last_message",
            "created_at",
            "updated_at",
        )


class MessageSerializer(ReplayableSerializer):
    """One turn of a conversation."""

    fixed_fields = ("id", "role")

    parts = JSONListField(max_items=500, required=False, allow_null=True)
    attachments = JSONListField(max_items=50, required=False)
    metadata = JSONObjectField(max_bytes=64 * 1024, required=False)

    class Meta:
        model = Message
        fields = (
            "id",
            "seq",
            "role",
            "content",
            "parts",
            "attachments",
            "metadata",
            "created_at",
            "updated_at",
        )


class BatchedMessageSerializer(MessageSerializer):
    """A turn with the key that its sender chose."""

    id = KeyField()


class BatchSerializer(StrictSerializer):
    """Several turns at once, all or none."""

    messages = serializers.ListField(
        child=BatchedMessageSerializer(), allow_empty=False, max_length=MAX_BATCH
    )

    def validate_messages(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        refuse_repeated_ids(messages)
        return messages


class BatchAnswerSerializer(StrictSerializer):
    """The turns of a batch in the order sent."""

    items = MessageSerializer(many=True, read_only=True)


class DroppedSerializer(StrictSerializer):
    """How many turns were dropped."""

    deleted = serializers.IntegerField(read_only=True)


class ThreadQuery(TrashQuery):
    """A page of one's threads."""

    material = KeyField(required=False)
    search = SearchParameter()
    ordering = OrderingParameter("title", "created_at", "updated_at", default="-updated_at")
