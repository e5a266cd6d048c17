"""The router of rooms."""

from rest_framework.routers import SimpleRouter

from chatrooms import views

router = SimpleRouter(use_regex_path=False)
router.register("rooms", views.RoomViewSet)
router.register("rooms/<uuid:room_id>/members", views.RoomMemberViewSet)
router.register("rooms/<uuid:room_id>/messages", views.RoomMessageViewSet)
router.register("rooms/<uuid:room_id>/changes", views.RoomChangeViewSet, basename="roomchange")
router.register("rooms/<uuid:room_id>/events", views.RoomEventViewSet, basename="roomevent")

urlpatterns = router.urls
