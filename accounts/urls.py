"""The router of accounts."""

from typing import Any

from django.urls import path
from rest_framework.routers import SimpleRouter

from accounts import views

router = SimpleRouter(use_regex_path=False)
router.register("users", views.UserViewSet)
router.register("organizations", views.OrganizationViewSet)
router.register("organizations/<uuid:organization_id>/members", views.MemberViewSet)

own: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}

urlpatterns = [
    path("signup/", views.SignUpViewSet.as_view({"post": "create"})),
    path("me/", views.MeViewSet.as_view(own)),
    path("me/profile/", views.ProfileViewSet.as_view(own)),
    path("me/settings/", views.SettingsViewSet.as_view(own)),
    *router.urls,
]
