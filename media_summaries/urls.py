"""The router of video summaries."""

from rest_framework.routers import SimpleRouter

from media_summaries import views

router = SimpleRouter(use_regex_path=False)
router.register("video-summaries", views.VideoSummaryViewSet)
router.register("video-summaries/<uuid:video_summary_id>/keyframes", views.KeyframeViewSet)
router.register("ops/video-jobs", views.VideoJobViewSet, basename="video-job")
router.register("tags", views.TagViewSet)
router.register("categories", views.CategoryViewSet)

urlpatterns = router.urls
