"""The shapes of video summaries, their keyframes and the shared vocabulary."""

from typing import Any

from rest_framework import serializers

from common.fields import NameField, StrictCharField, StrictChoiceField, WebAddressField
from common.queries import OrderingParameter, SearchParameter, TrashQuery
from common.replay import is_replay
from common.serializers import (
    ReplayableSerializer,
    StrictModelSerializer,
    StrictSerializer,
    refuse_repeated_ids,
)
from media_summaries.models import MAX_LABEL, Category, Keyframe, ProcessingStatus, Tag, VideoSummary
from media_summaries.vocabulary import name_key
from media_summaries.youtube import video_id

MAX_LABELS = 50
MAX_KEYFRAMES = 500


class YouTubeAddressField(WebAddressField):
    """An address of a video of YouTube, in any of its forms, kept as it was written."""

    default_error_messages = {"not_a_video": "Not the address of a video of YouTube."}

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        try:
            video_id(value)
        except ValueError:
            self.fail("not_a_video")
        return value


class LabelNamesField(serializers.ListField):
    """Names of tags or categories, a whole set."""

    child = NameField(max_length=MAX_LABEL)

    def __init__(self, **kwargs):
        super().__init__(max_length=MAX_LABELS, required=False, **kwargs)


class VideoSummarySerializer(ReplayableSerializer):
    """A video summary, whole."""

    fixed_fields = ("id", "youtube_url")

    youtube_url = YouTubeAddressField()
    title = NameField(max_length=300, required=False)
    tags = LabelNamesField(source="tag_names")
    categories = LabelNamesField(source="category_names")
    tag_count = serializers.IntegerField(read_only=True)
    keyframe_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = VideoSummary
        fields: tuple[str, ...] = (
            "id",
            "youtube_url",
            "youtube_id",
            "title",
            "description",
            "channel_name",
            "duration",
            "thumbnail_url",
            "transcript",
            "summary",
            "ai_generated_content",
            "processing_status",
            "processing_error",
            "progress",
            "current_step",
            "attempts",
            "completed_at",
            "tags",
            "categories",
            "tag_count",
            "keyframe_count",
            "created_at",
            "updated_at",
        )
        # The job's, not the owner's.
        read_only_fields = (
            "transcript",
            "summary",
            "ai_generated_content",
            "processing_status",
            "processing_error",
            "progress",
            "current_step",
            "attempts",
            "completed_at",
        )

    def is_replayed_by(self, row: Any) -> bool:
        """Whether the row is what this body would make, its tags and categories being sets."""
        sent = dict(self.validated_data)
        for names in {"tag_names", "category_names"} & sent.keys():
            if _keys(sent.pop(names)) != _keys(getattr(row, names)):
                return False
        return is_replay(row, sent)


def _keys(names: list[str]) -> set[str]:
    return {name_key(name) for name in names}


class VideoSummaryListSerializer(VideoSummarySerializer):
    """A video summary in a list, without its transcript and generated content."""

    class Meta(VideoSummarySerializer.Meta):
        fields = tuple(
            name
            for name in VideoSummarySerializer.Meta.fields
            if name not in {"transcript", "ai_generated_content"}
        )


class KeyframeSerializer(ReplayableSerializer):
    """A moment of a video."""

    class Meta:
        model = Keyframe
        fields = ("id", "timestamp", "image_url", "description", "created_at", "updated_at")


class KeyframesSerializer(StrictSerializer):
    """Several moments at once, all or none."""

    keyframes = serializers.ListField(child=KeyframeSerializer(), allow_empty=False, max_length=MAX_KEYFRAMES)

    def validate_keyframes(self, keyframes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        refuse_repeated_ids(keyframes)
        return keyframes


class KeyframesAnswerSerializer(StrictSerializer):
    """The moments of a list in the order sent."""

    items = KeyframeSerializer(many=True, read_only=True)


class TagSerializer(StrictModelSerializer):
    """A tag with the number of one's own videos that have it."""

    count = serializers.IntegerField(read_only=True)

    class Meta:
        model: Any = Tag
        fields = ("id", "name", "description", "color", "count")


class CategorySerializer(TagSerializer):
    """A category with the number of one's own videos in it."""

    class Meta(TagSerializer.Meta):
        model = Category


class VideoSummaryQuery(TrashQuery):
    """A page of one's videos."""

    status = StrictChoiceField(choices=ProcessingStatus.choices, required=False)
    tag = NameField(max_length=MAX_LABEL, required=False)
    category = NameField(max_length=MAX_LABEL, required=False)
    youtube_id = StrictCharField(max_length=11, required=False)
    # Any key that JSON can have, as it is: the empty one and one of blanks too.
    has = serializers.CharField(allow_blank=True, trim_whitespace=False, required=False)
    search = SearchParameter()
    ordering = OrderingParameter("title", "created_at", "updated_at", "duration", default="-created_at")
