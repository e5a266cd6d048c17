"""The router of threads."""

from typing import Any

from django.urls import path
from rest_framework.routers import SimpleRouter

from threads import views

router = SimpleRouter(use_regex_path=False)
router.register("threads", views.ThreadViewSet)
router.register("threads/<uuid:thread_id>/messages", views.MessageViewSet)

history: dict[str, Any] = {"get": "list", "post": "create", "delete": "drop_tail"}

urlpatterns = [
    # Ahead of the router, whose collections take no DELETE.
    path("threads/<uuid:thread_id>/messages/", views.MessageViewSet.as_view(history)),
    path("threads/<uuid:thread_id>/messages/batch/", views.MessageViewSet.as_view({"post": "batch"})),
    *router.urls,
]
