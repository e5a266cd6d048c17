"""Pages of libraries and windows of histories."""

from typing import Any

from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from common.functions import CountOf


class Page(BasePagination):
    """`?page=&page_size=` over things that have a total."""

    spanned_by = ("page", "page_size")
    extras = ("total",)

    def paginate_queryset(self, queryset, request, view=None):
        self.query = view.query
        self.total = queryset.count()
        length, start = self.span(view.query)
        # What has come since the count waits: no page has more than the total says. A page past the end is
        # empty without asking.
        return list(queryset[start : min(start + length, self.total)]) if start < self.total else []

    def get_paginated_response(self, data: list) -> Response:
        return Response(self.enveloped(data, self.query, (self.total,)))

    def narrowed(self, queryset: Any, query: Any) -> Any:
        return queryset.annotate(total=CountOf(queryset.order_by().values("pk")))

    def span(self, query: Any) -> tuple[int, int]:
        """How many rows to read, and how many to pass over."""
        return query["page_size"], (query["page"] - 1) * query["page_size"]

    def enveloped(self, items: list, query: Any, extras: tuple[Any, ...]) -> dict[str, Any]:
        (total,) = extras
        page, page_size = query["page"], query["page_size"]
        return {
            "items": items,
            "total": total,
            "page": page,
            "page_size": page_size,
            "has_more": page * page_size < total,
        }

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

    spanned_by: tuple[str, ...] = ("limit",)
    extras: tuple[str, ...] = ()

    def paginate_queryset(self, queryset, request, view=None):
        self.query = view.query
        length, _ = self.span(view.query)
        return list(self.narrowed(queryset, view.query)[:length])

    def get_paginated_response(self, data: list) -> Response:
        return Response(self.enveloped(data, self.query, ()))

    def narrowed(self, queryset: Any, query: Any) -> Any:
        """The rows of a window and all beyond it, from where it begins."""
        if query.get("after") is not None:
            return queryset.filter(seq__gt=query["after"]).order_by("seq")
        if query.get("before") is not None:
            queryset = queryset.filter(seq__lt=query["before"])
        return queryset.order_by("-seq")

    def span(self, query: Any) -> tuple[int, int]:
        """How many rows to read, one of them to see whether there are more, and how many to pass over."""
        return query["limit"] + 1, 0

    def enveloped(self, items: list, query: Any, extras: tuple[Any, ...]) -> dict[str, Any]:
        limit = query["limit"]
        window = items[:limit]
        if query.get("after") is None:
            window.reverse()
        return {"items": window, "has_more": len(items) > limit}

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return _envelope(items=schema, has_more={"type": "boolean"})


def _envelope(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}
