"""Pages of libraries and windows of histories."""

from typing import Any

from rest_framework.pagination import BasePagination
from rest_framework.response import Response


class Page(BasePagination):
    """`?page=&page_size=` over things that have a total."""

    def paginate_queryset(self, queryset, request, view=None):
        self.page = view.query["page"]
        self.page_size = view.query["page_size"]
        self.total = queryset.count()
        start = (self.page - 1) * self.page_size
        # What has come since the count waits: no page has more than the total says. A page past the end is
        # empty without asking.
        return list(queryset[start : min(start + self.page_size, self.total)]) if start < self.total else []

    def get_paginated_response(self, data: list) -> Response:
        return Response(
            {
                "items": data,
                "total": self.total,
                "page": self.page,
                "page_size": self.page_size,
                "has_more": self.page * self.page_size < self.total,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        number = {"type": "integer"}
        return _envelope(
            items=schema,
            total=number,
            page=number,
            page_size=number,
            has_more={"type": "boolean"},
        )


class Whole(BasePagination):
    """All of a list that is never long, as `items`."""

    def paginate_queryset(self, queryset, request, view=None):
        return list(queryset)

    def get_paginated_response(self, data: list) -> Response:
        return Response({"items": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return _envelope(items=schema)


class SequencePagination(BasePagination):
    """`?before=` or `?after=` a number, `?limit=`, over a numbered history; always oldest first."""

    def paginate_queryset(self, queryset, request, view=None):
        before, after, limit = (view.query.get(name) for name in ("before", "after", "limit"))
        if after is not None:
            rows = list(queryset.filter(seq__gt=after).order_by("seq")[: limit + 1])
            self.has_more = len(rows) > limit
            return rows[:limit]
        if before is not None:
            queryset = queryset.filter(seq__lt=before)
        rows = list(queryset.order_by("-seq")[: limit + 1])
        self.has_more = len(rows) > limit
        return rows[:limit][::-1]

    def get_paginated_response(self, data: list) -> Response:
        return Response({"items": data, "has_more": self.has_more})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return _envelope(items=schema, has_more={"type": "boolean"})


def _envelope(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}
