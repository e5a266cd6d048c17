"""The shapes of video summaries, their keyframes and the shared vocabulary."""

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from common.fields import (
    JSONObjectField,
    LongTextField,
    NameField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
    WebAddressField,
)
from common.queries import OrderingParameter, SearchParameter, TrashQuery
from common.replay import is_replay
from common.serializers import (
    ReplayableSerializer,
    StrictModelSerializer,
    StrictSerializer,
    refuse_repeated_ids,
)
from common.uploads import Upload
from media_summaries.models import (
    MAX_LABEL,
    MAX_LEASE,
    MAX_TRANSCRIPT,
    MIN_LEASE,
    Category,
    Keyframe,
    ProcessingStatus,
    Tag,
    VideoSummary,
)
from media_summaries.transcripts import UnreadableTranscript, transcript_in
from media_summaries.vocabulary import name_key
from media_summaries.youtube import video_id

MAX_LABELS = 50
MAX_KEYFRAMES = 500
MAX_GENERATED = 256 * 2**10


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
        return _has_all(row, self.validated_data)


def _has_all(row: Any, sent: Mapping[str, Any]) -> bool:
    columns = dict(sent)
    for names in {"tag_names", "category_names"} & columns.keys():
        if _keys(columns.pop(names)) != _keys(getattr(row, names)):
            return False
    return is_replay(row, columns)


def _keys(names: list[str]) -> set[str]:
    return {name_key(name) for name in names}


class TranscriptSerializer(StrictSerializer):
    """What is said in a video, as text."""

    transcript = LongTextField(max_length=MAX_TRANSCRIPT)


class TranscriptFileField(serializers.FileField):
    """A file with captions or text."""

    default_error_messages = {"invalid": "Not a file."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Upload):
            self.fail("invalid")
        try:
            return transcript_in(data)
        except UnreadableTranscript as reason:
            raise ValidationError([ErrorDetail(str(reason), reason.code)]) from None


class TranscriptUploadSerializer(StrictSerializer):
    """What is said in a video, as a file."""

    file = TranscriptFileField(write_only=True)


class VideoSummaryListSerializer(VideoSummarySerializer):
    """A video summary in a list, without its transcript and generated content."""

    class Meta(VideoSummarySerializer.Meta):
        fields = tuple(
            name
            for name in VideoSummarySerializer.Meta.fields
            if name not in {"transcript", "ai_generated_content"}
        )


class VideoJobSerializer(VideoSummarySerializer):
    """A video summary as its worker sees it."""

    class Meta(VideoSummarySerializer.Meta):
        fields = (*VideoSummarySerializer.Meta.fields, "claimed_by", "lease_expires_at")


class WorkerSerializer(StrictSerializer):
    """Who speaks: each worker under a name of its own."""

    worker = NameField(max_length=200)


class ClaimSerializer(WorkerSerializer):
    """A worker that wants a job, for so long without a word."""

    lease_seconds = StrictIntegerField(min_value=MIN_LEASE, max_value=MAX_LEASE)


class HeartbeatSerializer(WorkerSerializer):
    """A worker that goes on, and how far it is."""

    lease_seconds = StrictIntegerField(min_value=MIN_LEASE, max_value=MAX_LEASE, required=False)
    progress = StrictIntegerField(min_value=0, max_value=100, required=False)
    current_step = NameField(max_length=200, allow_blank=True, required=False)


class KeyframeSerializer(ReplayableSerializer):
    """A moment of a video."""

    class Meta:
        model = Keyframe
        fields = ("id", "timestamp", "image_url", "description", "created_at", "updated_at")


class KeyframeListField(serializers.ListField):
    """Several moments, no id twice."""

    child = KeyframeSerializer()

    def __init__(self, **kwargs):
        super().__init__(max_length=MAX_KEYFRAMES, **kwargs)

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        keyframes = super().to_internal_value(data)
        refuse_repeated_ids(keyframes)
        return keyframes


class KeyframesSerializer(StrictSerializer):
    """Several moments at once, all or none."""

    keyframes = KeyframeListField(allow_empty=False)


class CompleteSerializer(WorkerSerializer, StrictModelSerializer):
    """A worker that has done its job, and what it has made of the video."""

    title = NameField(max_length=300, required=False)
    ai_generated_content = JSONObjectField(max_bytes=MAX_GENERATED, required=False)
    tags = LabelNamesField(source="tag_names")
    categories = LabelNamesField(source="category_names")
    keyframes = KeyframeListField(required=False)

    class Meta:
        model = VideoSummary
        fields = (
            "worker",
            "title",
            "description",
            "channel_name",
            "duration",
            "thumbnail_url",
            "transcript",
            "summary",
            "ai_generated_content",
            "tags",
            "categories",
            "keyframes",
        )

    def is_replayed_by(self, row: Any) -> bool:
        """Whether the row is what this body has made, its keyframes being a set as well."""
        sent = dict(self.validated_data)
        del sent["worker"]
        keyframes = sent.pop("keyframes", None)
        return _has_all(row, sent) and (keyframes is None or _are_all(row.keyframes.all(), keyframes))


def _are_all(rows: Iterable[Keyframe], sent: list[dict[str, Any]]) -> bool:
    """Whether the rows are what was sent, in whatever order."""
    rest = list(rows)
    # Those with an id first: the others may be any row.
    for keyframe in sorted(sent, key=lambda one: "id" not in one):
        same = next((row for row in rest if is_replay(row, {"description": ""} | keyframe)), None)
        if same is None:
            return False
        rest.remove(same)
    return not rest


class FailSerializer(WorkerSerializer):
    """A worker that cannot do its job, and why."""

    error = LongTextField(max_length=5000)


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


class LabelParameter(NameField):
    """The name of a tag or category, however spelled; read as what tells it apart."""

    def __init__(self) -> None:
        super().__init__(max_length=MAX_LABEL, required=False)

    def to_internal_value(self, data: Any) -> str:
        return name_key(super().to_internal_value(data))


class VideoSummaryQuery(TrashQuery):
    """A page of one's videos."""

    status = StrictChoiceField(choices=ProcessingStatus.choices, required=False)
    tag = LabelParameter()
    category = LabelParameter()
    youtube_id = StrictCharField(max_length=11, required=False)
    # Any key that JSON can have, as it is: the empty one and one of blanks too.
    has = serializers.CharField(allow_blank=True, trim_whitespace=False, required=False)
    search = SearchParameter()
    ordering = OrderingParameter("title", "created_at", "updated_at", "duration", default="-created_at")
