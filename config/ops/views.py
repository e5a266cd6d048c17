"""What every address of the operators does alike."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.views import APIView


@extend_schema(exclude=True)
class NothingThere(APIView):
    """An address that does not exist: nobody but staff learns which ones do."""

    permission_classes = (IsAdminUser,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404
