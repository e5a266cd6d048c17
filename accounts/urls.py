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

# `me/` itself is answered by config.people: ending an account concerns every app.
urlpatterns = [
    path("signup/", views.SignUpViewSet.as_view({"post": "create"})),
    path("me/profile/", views.ProfileViewSet.as_view(own)),
    path("me/settings/", views.SettingsViewSet.as_view(own)),
    path("me/sessions/", views.LogInViewSet.as_view({"get": "list", "delete": "end_others"})),
    path("me/sessions/<uuid:pk>/", views.LogInViewSet.as_view({"delete": "destroy"})),
    path("me/tokens/", views.APITokenViewSet.as_view({"get": "list", "post": "create"})),
    path("me/tokens/<uuid:pk>/", views.APITokenViewSet.as_view({"delete": "destroy"})),
    *router.urls,
]
