"""The router of materials."""

from rest_framework.routers import SimpleRouter

from materials import views

router = SimpleRouter(use_regex_path=False)
router.register("subjects", views.SubjectViewSet)
router.register("materials", views.MaterialViewSet)

urlpatterns = router.urls
