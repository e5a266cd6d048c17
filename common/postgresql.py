"""PostgreSQL by libpq, for statements that come again and again."""

from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import Connection, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import FeatureNotSupported, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus

MOST_PREPARED = 100  # on one connection: each costs the server memory

_names = (b"lyceum_%d" % number for number in count())
# By connection: what its server knows by which name, the longest unused first.
_prepared: WeakKeyDictionary[Connection[Any], dict[tuple[str, tuple[int, ...]], bytes]] = WeakKeyDictionary()


class PreparedCursor:
    """As much of a cursor as one read needs: a prepared statement, its values, and its rows in binary.

    psycopg's cursor is ready for anything, which costs as much as a short read does.
    """

    def __init__(self, connection: Connection[Any]):
        self.connection = connection
        self.transformer = Transformer.from_context(connection)

    _query = None  # Django's log of statements composes the text itself

    def execute(self, sql: str, params: Any) -> None:
        server: Any = self.connection.pgconn
        if not self.connection.autocommit and server.transaction_status == TransactionStatus.IDLE:
            self._checked(server.exec_(b"BEGIN"))
        values = self.transformer.dump_sequence(params, [PyFormat.AUTO] * len(params))
        types, formats = self.transformer.types, self.transformer.formats
        if self.connection.prepare_threshold is None:
            # As behind a pooler, where the next statement may reach another server process.
            text = numbered(sql, len(params))
            result = server.exec_params(text, values, types, formats, Format.BINARY)
        else:
            name = self._name(sql, types or (), len(params))
            result = server.exec_prepared(name, values, formats, Format.BINARY)
        try:
            self.rows = self._checked(result).ntuples
        except FeatureNotSupported:
            # The tables are not what they were when it was prepared.
            _prepared.get(self.connection, {}).pop((sql, types or ()), None)
            raise
        self.transformer.set_pgresult(result, format=Format.BINARY)

    def fetchall(self) -> list[Any]:
        return self.transformer.load_rows(0, self.rows, tuple)

    def close(self) -> None:
        """Nothing is held."""

    def _name(self, sql: str, types: tuple[int, ...], holes: int) -> bytes:
        known = _prepared.setdefault(self.connection, {})
        server = self.connection.pgconn
        name = known.pop((sql, types), None)
        if name is None:
            if len(known) >= MOST_PREPARED:
                self._checked(server.exec_(b"DEALLOCATE " + known.pop(next(iter(known)))))
            name = next(_names)
            self._checked(server.prepare(name, numbered(sql, holes), types))
        known[sql, types] = name
        return name

    def _checked(self, result: Any) -> Any:
        if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return result
        if self.connection.pgconn.status != ConnStatus.OK:
            raise OperationalError(result.get_error_message())
        raise error_from_result(result, self.connection.info.encoding)


def numbered(sql: str, holes: int) -> bytes:
    """A statement with its holes as PostgreSQL writes them."""
    return (sql % tuple(f"${number}" for number in range(1, holes + 1))).encode()
