"""The shapes of rooms."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.models import User
from accounts.serializers import UserSerializer
from chatrooms.models import Room, RoomMember, RoomMessage, RoomMessageType, RoomRole, RoomType
from chatrooms.querysets import NOBODY
from common.constraints import MAX_INTEGER
from common.fields import (
    NameField,
    StrictChoiceField,
    StrictIntegerField,
    VisibleRelatedField,
    VisibleRelatedListField,
    WebAddressField,
)
from common.queries import HistoryQuery, NumberParameter, OrderingParameter, SearchParameter, TrashQuery
from common.replay import is_replay
from common.serializers import EitherSerializer, ReplayableSerializer, StrictModelSerializer, StrictSerializer

MAX_FIRST_MEMBERS = 100


class ShownPersonSerializer(serializers.Serializer):
    """A person as their words show them; without a key once the person is deleted or purged."""

    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    username = serializers.CharField(allow_null=True)
    image = serializers.CharField()


class AuthorSerializer(ShownPersonSerializer):
    """The same, of the `author` that a message is read with."""

    id = serializers.UUIDField(source="author.id", default=None, allow_null=True)
    name = serializers.CharField(source="author.name", default=NOBODY["name"])
    username = serializers.CharField(source="author.username", default=NOBODY["username"], allow_null=True)
    image = serializers.CharField(source="author.image", default=NOBODY["image"])


class LastRoomMessageSerializer(serializers.Serializer):
    """The beginning of a room's latest message."""

    id = serializers.UUIDField()
    seq = serializers.IntegerField()
    type = serializers.ChoiceField(choices=RoomMessageType.choices)
    content = serializers.CharField(help_text="The first 200 characters.")
    user = ShownPersonSerializer()
    created_at = serializers.DateTimeField()


class RoomSerializer(ReplayableSerializer):
    """A room as one of its people sees it."""

    fixed_fields = ("id", "members")

    name = NameField(max_length=100)
    type = StrictChoiceField(choices=RoomType.choices, read_only=True)
    members = VisibleRelatedListField(
        queryset=User.objects.all(), max_length=MAX_FIRST_MEMBERS, required=False, write_only=True
    )
    role = StrictChoiceField(choices=RoomRole.choices, read_only=True)
    unread_count = serializers.IntegerField(
        read_only=True, help_text="What others have said since one's read marker."
    )
    member_count = serializers.IntegerField(read_only=True)
    last_message = LastRoomMessageSerializer(read_only=True, allow_null=True)
    other = ShownPersonSerializer(
        read_only=True, allow_null=True, help_text="The other person of a direct room."
    )

    class Meta:
        model = Room
        fields = (
            "id",
            "name",
            "type",
            "members",
            "role",
            "unread_count",
            "member_count",
            "last_message",
            "last_seq",
            "last_revision",
            "other",
            "created_at",
            "updated_at",
        )

    def is_replayed_by(self, row: Any) -> bool:
        maker = self.context["request"].user.pk
        sent = dict(self.validated_data)
        # Rows once they are resolved, keys before.
        members = {getattr(member, "pk", member) for member in sent.pop("members", ())}
        alike = row.created_by_id == maker and is_replay(row, sent)
        if alike and "members" in self.validated_data:
            return members | {maker} == row.members.people()
        return alike


class DirectRoomSerializer(StrictSerializer):
    """The person to talk to by themselves."""

    user = VisibleRelatedField(queryset=User.objects.all())

    default_error_messages = {"oneself": "A direct room is for two people."}

    def validate_user(self, key: UUID) -> UUID:
        if key == self.context["request"].user.pk:
            self.fail("oneself")
        return key


class ReadMarkerSerializer(StrictSerializer):
    """How far a person has read."""

    instance: Room
    seq = StrictIntegerField(min_value=0, write_only=True)
    last_read_seq = serializers.IntegerField(read_only=True)
    unread_count = serializers.IntegerField(read_only=True)

    def validate_seq(self, seq: int) -> int:
        if seq > self.instance.last_seq:
            raise ValidationError("Nothing with this number has been said yet.", "max_value")
        return seq


class RoomMemberSerializer(StrictModelSerializer):
    """A person's place in a room."""

    user = UserSerializer(read_only=True)

    class Meta:
        model = RoomMember
        fields = ("user", "role", "joined_at")


class NewRoomMemberSerializer(StrictSerializer):
    """A person to take in."""

    user = VisibleRelatedField(queryset=User.objects.all())
    role = StrictChoiceField(choices=RoomRole.choices, default=RoomRole.MEMBER)


class RoomRoleSerializer(StrictSerializer):
    """Another role."""

    role = StrictChoiceField(choices=RoomRole.choices, required=False)


class ReplyField(VisibleRelatedField):
    """The key of a live message of the same room."""

    def resolve(self, key: UUID, viewer: Any) -> Any:
        row = super().resolve(key, viewer)
        if row.room_id != self.context["view"].kwargs["room_id"]:
            self.fail("does_not_exist")
        return row


class RoomMessageSerializer(ReplayableSerializer):
    """One thing said in a room."""

    fixed_fields = ("id", "type", "reply_to")

    user = AuthorSerializer(source="*", read_only=True)
    reply_to = ReplyField(queryset=RoomMessage.objects.all(), required=False, allow_null=True)

    class Meta:
        model = RoomMessage
        fields = (
            "id",
            "seq",
            "revision",
            "type",
            "content",
            "user",
            "reply_to",
            "edited_at",
            "created_at",
            "updated_at",
        )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        type = attrs.get("type", RoomMessageType.TEXT) if self.instance is None else self.instance.type
        if type != RoomMessageType.TEXT and "content" in attrs:
            try:
                attrs["content"] = WebAddressField().run_validation(attrs["content"])
            except ValidationError as invalid:
                raise ValidationError({"content": invalid.detail}) from None
        return attrs

    def is_replayed_by(self, row: Any) -> bool:
        # What another has said is theirs, even in the same words.
        return row.user_id == self.context["request"].user.pk and super().is_replayed_by(row)


class RoomPostSerializer(serializers.Serializer):
    """What has been said or put in other words, as it is now."""

    revision = serializers.IntegerField()
    message = RoomMessageSerializer(source="*")


class RoomDeletionSerializer(serializers.Serializer):
    """What has been taken back."""

    revision = serializers.IntegerField()
    deleted = serializers.UUIDField(source="pk", help_text="The message's key.")
    seq = serializers.IntegerField()


class RoomChangeSerializer(EitherSerializer):
    """The latest that has become of a message."""

    told_apart_by = "deleted_at"
    without, with_it = RoomPostSerializer, RoomDeletionSerializer


ROOM_CHANGE = PolymorphicProxySerializer(
    component_name="RoomChange",
    serializers=[RoomPostSerializer, RoomDeletionSerializer],
    resource_type_field_name=None,
    many=True,
)


class RoomEventSerializer(serializers.Serializer):
    """One server-sent event, by the names of its lines."""

    id = serializers.CharField(help_text="The revision; `typing` has none.")
    event = serializers.ChoiceField(choices=["message", "deleted", "typing"])
    data = serializers.CharField(  # type: ignore[assignment]
        help_text="JSON: a change as in `changes/`, or the `user` who is typing."
    )


class RoomQuery(TrashQuery):
    """A page of one's rooms."""

    type = StrictChoiceField(choices=RoomType.choices, required=False)
    search = SearchParameter()
    ordering = OrderingParameter("name", "created_at", "updated_at", default="-updated_at")


class ChangesQuery(StrictSerializer):
    """What has happened since."""

    after = NumberParameter(
        min_value=0, max_value=MAX_INTEGER, default=0, help_text="The revision that the reader knows."
    )


class EventsQuery(StrictSerializer):
    """What is told from here on."""

    after = NumberParameter(
        min_value=0,
        max_value=MAX_INTEGER,
        required=False,
        help_text="The revision that the reader knows; without it, only what happens from now on is told.",
    )


class PresenceSerializer(StrictSerializer):
    """Who of a room is there."""

    items = UserSerializer(many=True)


class RoomHistoryQuery(HistoryQuery):
    """A window of what was said in a room."""

    search = SearchParameter()
