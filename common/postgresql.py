"""PostgreSQL by libpq, for statements that come again and again."""

from itertools import count
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import FeatureNotSupported, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus

MOST_PREPARED = 100  # on one connection: each costs the server memory

_names = (b"lyceum_%d" % number for number in count())


class Statement:
    """A statement that a server knows by name, and what makes Python's values of its columns."""

    def __init__(self, name: bytes):
        self.name = name
        self.loading: Any = None


class Known:
    """What is kept of one connection: its statements, the longest unused first."""

    def __init__(self, connection: Connection[Any]):
        self.dumping = Transformer.from_context(connection)
        self.statements: dict[tuple[str, tuple[int, ...]], Statement] = {}


class PreparedCursor:
    """As much of a cursor as one read needs: a prepared statement, its values, and its rows in binary.

    psycopg's cursor is ready for anything, which costs as much as a short read does.
    """

    _query = None  # Django's log of statements composes the text itself

    def __init__(self, connection: Connection[Any]):
        self.connection = connection

    def execute(self, sql: str, params: Any) -> None:
        server: Any = self.connection.pgconn
        if not self.connection.autocommit and server.transaction_status == TransactionStatus.IDLE:
            self._checked(server.exec_(b"BEGIN"))
        # On the connection itself, so that it goes with it.
        known: Known | None = vars(self.connection).get("known")
        if known is None:
            known = vars(self.connection)["known"] = Known(self.connection)
        values = known.dumping.dump_sequence(params, [PyFormat.AUTO] * len(params))
        types, formats = known.dumping.types or (), known.dumping.formats
        if self.connection.prepare_threshold is None:
            # As behind a pooler, where the next statement may reach another server process.
            statement = Statement(b"")
            text = numbered(sql, len(params))
            result = server.exec_params(text, values, types, formats, Format.BINARY)
        else:
            statement = self._prepared(known.statements, (sql, types), len(params))
            result = server.exec_prepared(statement.name, values, formats, Format.BINARY)
        try:
            self.rows = self._checked(result).ntuples
        except FeatureNotSupported:
            if statement.loading is None or server.transaction_status != TransactionStatus.IDLE:
                raise
            # The tables are not what they were when it was prepared.
            del known.statements[sql, types]
            self.execute(sql, params)
            return
        if statement.loading is None:
            statement.loading = Transformer.from_context(self.connection)
            statement.loading.set_pgresult(result, format=Format.BINARY)
        else:
            # The same columns each time.
            statement.loading.set_pgresult(result, set_loaders=False)
        self.loading = statement.loading

    def fetchall(self) -> list[Any]:
        rows = self.loading.load_rows(0, self.rows, tuple)
        self.loading.set_pgresult(None, set_loaders=False)
        return rows

    def close(self) -> None:
        """Nothing is held."""

    def _prepared(self, statements: dict[Any, Statement], key: tuple[str, Any], holes: int) -> Statement:
        statement = statements.pop(key, None)
        if statement is None:
            server = self.connection.pgconn
            if len(statements) >= MOST_PREPARED:
                self._checked(server.exec_(b"DEALLOCATE " + statements.pop(next(iter(statements))).name))
            statement = Statement(next(_names))
            sql, types = key
            self._checked(server.prepare(statement.name, numbered(sql, holes), types))
        statements[key] = statement
        return statement

    def _checked(self, result: Any) -> Any:
        if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return result
        if self.connection.pgconn.status != ConnStatus.OK:
            raise OperationalError(result.get_error_message())
        raise error_from_result(result, self.connection.info.encoding)


def numbered(sql: str, holes: int) -> bytes:
    """A statement with its holes as PostgreSQL writes them."""
    return (sql % tuple(f"${number}" for number in range(1, holes + 1))).encode()
