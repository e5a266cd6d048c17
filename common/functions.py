"""SQL expressions that mean the same on SQLite and on PostgreSQL."""

from typing import Any

from django.db.models import (
    BooleanField,
    CharField,
    F,
    Func,
    IntegerField,
    JSONField,
    Subquery,
    TextField,
    UUIDField,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest, Now


class RandomUUID(Func):
    """A random key for rows that are inserted without Lyceum, from psql or the sqlite3 shell.

    A version 4 UUID; on SQLite in the form Django stores there, 32 hexadecimal digits.
    """

    function = "gen_random_uuid"
    arity = 0
    output_field = UUIDField()

    def as_sqlite(self, compiler, connection, **extra_context):
        digits = (
            "lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2)"
            " || substr('89AB', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)"
            " || hex(randomblob(6)))"
        )
        return self.as_sql(compiler, connection, template=digits, **extra_context)


class CodePointOrder(Func):
    """Text in the order of its code points, whatever collation the database was made with."""

    arity = 1

    def __init__(self, expression: str | Combinable, **extra):
        super().__init__(expression, output_field=CharField(), **extra)

    def as_sqlite(self, compiler, connection, **extra_context):
        return self.as_sql(compiler, connection, template="%(expressions)s", **extra_context)

    def as_postgresql(self, compiler, connection, **extra_context):
        return self.as_sql(compiler, connection, template='%(expressions)s COLLATE "C"', **extra_context)


SIGMA, FINAL_SIGMA = "\u03c3", "\u03c2"


def folded(text: Any) -> str | None:
    """What `Fold` makes of a text, in Python."""
    return None if text is None else str(text).lower().replace(FINAL_SIGMA, SIGMA)


class Fold(Func):
    """Text with the case of every letter folded, so that a search finds É by é; accents count.

    The one letter with two small forms, the sigma of Greek, has the one of the middle of a word, so that a
    beginning of a word finds the whole. SQLite's own LOWER knows ASCII only: `config.apps` registers
    `folded` there as `fold`.
    """

    function = "fold"
    arity = 1

    def __init__(self, expression: str | Combinable, **extra):
        super().__init__(expression, output_field=TextField(), **extra)

    def as_postgresql(self, compiler, connection, **extra_context):
        # The builtin provider came with PostgreSQL 18; before it, ICU is what folds beyond ASCII.
        collation = "pg_unicode_fast" if connection.pg_version >= 180000 else "und-x-icu"
        lower = f'LOWER((%(expressions)s) COLLATE "{collation}")'
        template = f"REPLACE({lower}, '{FINAL_SIGMA}', '{SIGMA}')"
        return self.as_sql(compiler, connection, template=template, **extra_context)


class JSONKind(Func):
    """What a JSON value is: object, array, text …"""

    function = "JSON_TYPE"
    arity = 1

    def __init__(self, expression: str | Combinable, **extra):
        super().__init__(expression, output_field=CharField(), **extra)

    def as_postgresql(self, compiler, connection, **extra_context):
        return self.as_sql(compiler, connection, function="JSONB_TYPEOF", **extra_context)


class CharacterCount(Func):
    """The length of a text in code points."""

    function = "LENGTH"
    arity = 1


class ISOTime(Func):
    """A time as the API writes it, for use inside JSON that the database builds."""

    arity = 1
    output_field = CharField()

    def as_sqlite(self, compiler, connection, **extra_context):
        # Django stores "2026-01-31 12:00:00[.123456]"; SQLite's own formatting stops at milliseconds.
        template = (
            "substr(replace(%(expressions)s, ' ', 'T') || iif(length(%(expressions)s) = 19, '.', '')"
            " || '000000', 1, 26) || 'Z'"
        )
        sql, params = self.as_sql(compiler, connection, template=template, **extra_context)
        return sql, (*params, *params)

    def as_postgresql(self, compiler, connection, **extra_context):
        template = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        return self.as_sql(compiler, connection, template=template, **extra_context)


class KeyText(Func):
    """A key as the API writes it, for use inside JSON that the database builds."""

    arity = 1
    output_field = CharField()

    def as_sqlite(self, compiler, connection, **extra_context):
        # Django stores the 32 digits without hyphens.
        parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        template = " || '-' || ".join(f"substr(%(expressions)s, {at}, {digits})" for at, digits in parts)
        sql, params = self.as_sql(compiler, connection, template=template, **extra_context)
        return sql, tuple(params) * len(parts)

    def as_postgresql(self, compiler, connection, **extra_context):
        return self.as_sql(compiler, connection, template="(%(expressions)s)::text", **extra_context)


class JSONText(Func):
    """A JSON value as the text that it is written in."""

    arity = 1
    output_field = TextField()

    def as_sqlite(self, compiler, connection, **extra_context):
        return self.as_sql(compiler, connection, template="%(expressions)s", **extra_context)

    def as_postgresql(self, compiler, connection, **extra_context):
        return self.as_sql(compiler, connection, template="(%(expressions)s)::text", **extra_context)


class JSONTexts(Subquery):
    """The texts of a subquery as a JSON list in its order; its one column is called `item`.

    An empty list where there are none, so that nothing has to be told apart from null.
    """

    output_field = JSONField()
    item_on_sqlite = '"item"'

    def as_sqlite(self, compiler, connection, **extra_context):
        template = "(SELECT json_group_array(%(item)s) FROM (%(subquery)s))"
        extra_context |= {"template": template, "item": self.item_on_sqlite}
        return self.as_sql(compiler, connection, **extra_context)

    def as_postgresql(self, compiler, connection, **extra_context):
        return self.as_sql(compiler, connection, template="to_jsonb(ARRAY(%(subquery)s))", **extra_context)


class JSONItems(JSONTexts):
    """The same of JSON values."""

    # Else SQLite would take them for texts.
    item_on_sqlite = 'json("item")'


class CountOf(Subquery):
    """How many rows a subquery gives."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


class HasKey(Func):
    """Whether a JSON object has a key at its top level, whatever characters the key is made of.

    Django's own `has_key` writes the key into a path on SQLite, where quotes and escapes are read otherwise.
    """

    arity = 2
    output_field = BooleanField()

    def as_sqlite(self, compiler, connection, **extra_context):
        template = "EXISTS (SELECT 1 FROM json_each(%(expressions)s))"
        return self.as_sql(
            compiler, connection, template=template, arg_joiner=") WHERE key = (", **extra_context
        )

    def as_postgresql(self, compiler, connection, **extra_context):
        return self.as_sql(
            compiler, connection, template="(%(expressions)s)", arg_joiner=" ? ", **extra_context
        )


class UnknownFirst(Func):
    """A number that is never negative, for ordering: unknown comes before zero, on either database.

    The constant stands in the template, so that an index over this expression serves the ordering; a CASE
    and not a COALESCE, because Django's inspection of SQLite stumbles over a comma in an index.
    """

    template = "CASE WHEN %(expressions)s IS NULL THEN -1 ELSE %(expressions)s END"
    arity = 1
    output_field = IntegerField()


def not_before(column: str) -> Greatest:
    """Now, or the time that stands there if it is later.

    PostgreSQL's Now is when the statement began, before it waited for the row: without this, the one who
    waited longest would write the earlier time over the later.
    """
    return Greatest(F(column), Now())


def code_point_order(name: str) -> CodePointOrder:
    """Ordering by a column's code points, for `order_by`."""
    return CodePointOrder(F(name))
