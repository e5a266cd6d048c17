"""The addresses of one's own account and of everyone's for staff."""

from typing import Any

from django.urls import path
from rest_framework.routers import SimpleRouter

from config.people import views

router = SimpleRouter(use_regex_path=False)
router.register("ops/users", views.PersonViewSet)

own: dict[str, Any] = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}

urlpatterns = [
    path("me/", views.OwnAccountViewSet.as_view(own)),
    *router.urls,
]
