"""Log-ins and API tokens."""

from typing import Any, cast

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.models import Session
from accounts.serializers import (
    APITokenSerializer,
    LogInSerializer,
    NewAPITokenSerializer,
    ShownAPITokenSerializer,
)
from accounts.sessions import opens
from common.pagination import Whole
from common.views import ListMixin


@extend_schema_view(list=extend_schema(summary="List log-ins"))
class LogInViewSet(ListMixin):
    """Where one is logged in."""

    queryset = Session.objects.all()
    serializer_class = LogInSerializer
    pagination_class = Whole

    def get_queryset(self):
        return Session.objects.visible_to(self.viewer).log_ins().with_current(self.request.auth)

    def paginate_queryset(self, queryset):
        # Which of them an earlier password has let in, the database cannot tell.
        rows = super().paginate_queryset(queryset) or []
        return [row for row in rows if opens(row, self.viewer)]

    @extend_schema(summary="End all other log-ins", responses={204: None})
    def end_others(self, request: Request) -> Response:
        """End every other log-in."""
        services.end_other_log_ins(person=self.viewer, current=cast(Session, request.auth))
        return Response(status=204)

    @extend_schema(summary="End a log-in")
    def destroy(self, request: Request, pk) -> Response:
        """End a log-in."""
        services.end_log_in(person=self.viewer, session_id=pk)
        return Response(status=204)


@extend_schema_view(list=extend_schema(summary="List API tokens"))
class APITokenViewSet(ListMixin):
    """One's API tokens."""

    queryset = Session.objects.all()
    serializer_class = APITokenSerializer
    pagination_class = Whole

    def get_queryset(self):
        return Session.objects.visible_to(self.viewer).api_tokens()

    @extend_schema(
        summary="Make an API token",
        request=NewAPITokenSerializer,
        responses={201: ShownAPITokenSerializer},
    )
    def create(self, request: Request) -> Response:
        """Make an API token; the answer is the only place where it stands."""
        serializer = NewAPITokenSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        session, token = services.create_api_token(person=self.viewer, **serializer.validated_data)
        cast(Any, session).token = token
        return Response(ShownAPITokenSerializer(session).data, status=201)

    @extend_schema(summary="End an API token")
    def destroy(self, request: Request, pk) -> Response:
        """End an API token."""
        services.end_api_token(person=self.viewer, token_id=pk)
        return Response(status=204)
