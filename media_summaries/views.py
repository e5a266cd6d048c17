"""The addresses of video summaries."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request, is_form_media_type
from rest_framework.response import Response

from common.errors import IdConflict
from common.parsers import StrictJSONParser, StrictMultipartParser
from common.queries import PageQuery
from common.serializers import StrictSerializer
from common.views import ApiViewSet, LibraryViewSet, ListMixin, PatchMixin
from media_summaries import services
from media_summaries.models import Category, Keyframe, Tag, VideoSummary
from media_summaries.serializers import (
    CategorySerializer,
    ClaimSerializer,
    CompleteSerializer,
    FailSerializer,
    HeartbeatSerializer,
    KeyframesAnswerSerializer,
    KeyframeSerializer,
    KeyframesSerializer,
    TagSerializer,
    TranscriptSerializer,
    TranscriptUploadSerializer,
    VideoJobSerializer,
    VideoSummaryListSerializer,
    VideoSummaryQuery,
    VideoSummarySerializer,
)


class VideoSummaryViewSet(LibraryViewSet):
    """One's videos and what has been made of them."""

    queryset = VideoSummary.objects.all()
    serializer_class = VideoSummarySerializer
    compiled = {"list", "retrieve"}
    queries = {"list": VideoSummaryQuery}
    conflicts = {
        "create": (services.DuplicateVideo,),
        "restore": (services.DuplicateVideo,),
        "retry": (services.NotRetryable,),
        "transcript": (services.BeingProcessed,),
    }

    def get_queryset(self):
        return self.scope(VideoSummary.objects).with_labels().with_counts()

    def get_serializer_class(self):
        return VideoSummaryListSerializer if self.action == "list" else VideoSummarySerializer

    def listed(self, queryset):
        query = self.query
        return (
            queryset.in_status(query.get("status"))
            .tagged(query.get("tag"))
            .categorised(query.get("category"))
            .of_video(query.get("youtube_id"))
            .with_generated(query.get("has"))
            .matching(query["search"], "title", "description", "summary")
            .sorted_by(*query["ordering"])
            .without_long_parts()
        )

    def perform_create(self, serializer: Any) -> None:
        video = services.create_video_summary(owner=self.viewer, **serializer.validated_data)
        serializer.instance = get_object_or_404(self.get_queryset(), pk=video.pk)

    def perform_update(self, serializer: Any) -> None:
        services.change_video_summary(
            video_summary_id=serializer.instance.pk, by=self.viewer, **serializer.validated_data
        )

    def perform_destroy(self, instance: VideoSummary) -> None:
        services.delete_video_summary(video_summary_id=instance.pk, by=self.viewer)

    def perform_restore(self, key) -> None:
        services.restore_video_summary(video_summary_id=key, by=self.viewer)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk) -> Response:
        """Ask for a failed or completed job again."""
        StrictSerializer(data=request.data).is_valid(raise_exception=True)
        services.retry_video_summary(video_summary_id=pk, by=self.viewer)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        request={
            "application/json": TranscriptSerializer,
            "multipart/form-data": TranscriptUploadSerializer,
        }
    )
    @action(
        detail=True,
        methods=["post"],
        parser_classes=[StrictJSONParser, StrictMultipartParser],
        max_body_bytes=10 * 2**20,
    )
    def transcript(self, request: Request, pk) -> Response:
        """Give a video its transcript, as a file or as text, in the place of an earlier one."""
        is_form = is_form_media_type(request.content_type)
        said = (TranscriptUploadSerializer if is_form else TranscriptSerializer)(data=request.data)
        said.is_valid(raise_exception=True)
        (transcript,) = said.validated_data.values()
        services.set_transcript(video_summary_id=pk, by=self.viewer, transcript=transcript)
        return Response(self.get_serializer(self.get_object()).data)


class WorksOnVideos(BasePermission):
    """Who has the right to work on video jobs; being staff is neither needed nor enough."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.user.is_authenticated and request.user.has_perm("media_summaries.work_video_jobs")


class VideoJobViewSet(ApiViewSet):
    """The jobs that summarise videos, for the workers that do them."""

    permission_classes = (WorksOnVideos,)
    queryset = VideoSummary.objects.all()
    serializer_class = VideoJobSerializer
    conflicts = {
        "heartbeat": (services.LeaseLost,),
        "complete": (services.LeaseLost, IdConflict),
        "fail": (services.LeaseLost,),
    }

    def get_queryset(self):
        return VideoSummary.objects.overseen_by(self.viewer).with_labels().with_counts()

    @extend_schema(request=ClaimSerializer, responses={200: VideoJobSerializer, 204: None})
    @action(detail=False, methods=["post"])
    def claim(self, request: Request) -> Response:
        """Take the oldest job that nobody has; 204 where there is none."""
        key = services.claim_video_job(**self._said(ClaimSerializer).validated_data)
        return Response(status=204) if key is None else self._job(key)

    @extend_schema(request=HeartbeatSerializer)
    @action(detail=True, methods=["post"])
    def heartbeat(self, request: Request, pk) -> Response:
        """Keep a job for another lease, and say how far it is."""
        said = self._said(HeartbeatSerializer)
        services.renew_video_job(video_summary_id=pk, **said.validated_data)
        return self._job(pk)

    @extend_schema(request=CompleteSerializer)
    @action(detail=True, methods=["post"], max_body_bytes=10 * 2**20)
    def complete(self, request: Request, pk) -> Response:
        """End a job with what was made of its video; the same again finds it done."""
        said = self._said(CompleteSerializer)
        try:
            services.complete_video_job(video_summary_id=pk, **said.validated_data)
        except services.LeaseLost:
            done = self.get_queryset().ended_by(said.validated_data["worker"]).filter(pk=pk).first()
            if done is None or not said.is_replayed_by(done):
                raise
        return self._job(pk)

    @extend_schema(request=FailSerializer)
    @action(detail=True, methods=["post"])
    def fail(self, request: Request, pk) -> Response:
        """End a job that cannot be done, with the reason."""
        services.fail_video_job(video_summary_id=pk, **self._said(FailSerializer).validated_data)
        return self._job(pk)

    def _said(self, kind: Any) -> Any:
        serializer = kind(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return serializer

    def _job(self, key: UUID) -> Response:
        return Response(self.get_serializer(get_object_or_404(self.get_queryset(), pk=key)).data)


def _either(one: Any, several: Any) -> PolymorphicProxySerializer:
    return PolymorphicProxySerializer(
        component_name=f"OneOr{several.__name__.removesuffix('Serializer')}",
        serializers=[one, several],
        resource_type_field_name=None,
    )


class KeyframeViewSet(ListMixin, mixins.RetrieveModelMixin, PatchMixin, mixins.DestroyModelMixin):
    """The moments of one video that its summary shows."""

    queryset = Keyframe.objects.all()
    serializer_class = KeyframeSerializer
    queries = {"list": PageQuery}
    conflicts = {"create": (IdConflict,)}
    parent = VideoSummary.objects.all()
    parent_kwarg = "video_summary_id"
    max_body_bytes = 10 * 2**20

    def get_queryset(self):
        return Keyframe.objects.visible_to(self.viewer).of_summary(self.kwargs["video_summary_id"])

    def listed(self, queryset):
        return queryset.sorted_by("timestamp")

    @extend_schema(
        request=_either(KeyframeSerializer, KeyframesSerializer),
        responses=dict.fromkeys((200, 201), _either(KeyframeSerializer, KeyframesAnswerSerializer)),
    )
    def create(self, request: Request, video_summary_id) -> Response:
        """Add one keyframe or, with `keyframes`, several, all or none; those already there stay."""
        several = isinstance(request.data, Mapping) and "keyframes" in request.data
        serializer = (KeyframesSerializer if several else KeyframeSerializer)(data=request.data)
        serializer.is_valid(raise_exception=True)
        sent = serializer.validated_data
        rows, any_new = services.add_keyframes(
            video_summary_id=video_summary_id,
            by=self.viewer,
            keyframes=sent["keyframes"] if several else [sent],
        )
        items = self.get_serializer(rows, many=True).data
        return Response({"items": items} if several else items[0], status=201 if any_new else 200)

    def perform_update(self, serializer: Any) -> None:
        services.change_keyframe(
            video_summary_id=self.kwargs["video_summary_id"],
            keyframe_id=serializer.instance.pk,
            by=self.viewer,
            **serializer.validated_data,
        )

    def perform_destroy(self, instance: Keyframe) -> None:
        services.delete_keyframe(
            video_summary_id=self.kwargs["video_summary_id"], keyframe_id=instance.pk, by=self.viewer
        )


class TagViewSet(ListMixin):
    """The tags that all people share."""

    queryset: Any = Tag.objects.all()
    serializer_class: Any = TagSerializer
    queries = {"list": PageQuery}

    def get_queryset(self):
        return self.queryset.visible_to(self.viewer).with_count_of(self.viewer)

    def listed(self, queryset):
        return queryset.sorted_by("name")


class CategoryViewSet(TagViewSet):
    """The categories that all people share."""

    queryset = Category.objects.all()
    serializer_class = CategorySerializer
