"""Takes away each condition that decides who sees what, one at a time: do the door tests notice?

A pytest plugin: `make doors`. What there is to take away is read off the code, so that a new `visible_to` is
taken in by itself: the methods of querysets that ask for a user, what they and the views narrow by, the roles
that views ask for, and who may log in. Of each function every narrowing call, every column of a filter and
every side of an `|` or `&` is left out by itself. Of the tests those are run that come through the function,
until one fails; the share of what was noticed is printed, and less than 95 % is a failure. Each removal is a
test to pytest, so that all cores take their share of them: `-n auto`.
"""

import ast
import copy
import functools
import inspect
import json
import os
import textwrap
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any, Literal, NamedTuple

import pytest

PACKAGES = {"common", "accounts", "materials", "media_summaries", "threads", "chatrooms", "config"}
WANTED = 0.95
# Seconds that one process waits for the others' share.
PATIENCE = 3600
# What no answer can show, and why. Key: the function and what is left out of it.
BESIDE = "asked beside the row itself, which has to be seen"
STAFF = "the view has refused who is not staff before"
FOUND = "other rooms have been left out; this is for the database to begin with the memberships"
WORKER = "the view has refused who may not work on jobs before"
REASONS: dict[tuple[str, str], str] = {
    ("MemberViewSet.has_role", ".visible_to(self.viewer)"): BESIDE,
    ("RoomMessageViewSet.has_role", ".visible_to(self.viewer)"): BESIDE,
    ("RoomQuerySet.with_place_of", ".filter(place__isnull=False)"): FOUND,
    ("PersonViewSet.get_queryset", ".overseen_by(self.viewer)"): STAFF,
    ("PersonViewSet._whole", ".overseen_by(self.viewer)"): STAFF,
    ("VideoJobViewSet.get_queryset", ".overseen_by(self.viewer)"): WORKER,
    ("SignUpViewSet.create", ".visible_to(person)"): "oneself, just made",
    ("TagViewSet.get_queryset", ".visible_to(self.viewer)"): "the vocabulary is everyone's",
}


class Removal(NamedTuple):
    """Something to take away: from which attribute of what, which words, and the attribute without them."""

    owner: Any
    name: str
    without: str
    rest: Any

    @property
    def key(self) -> tuple[str, str]:
        return self.place, self.without

    @property
    def place(self) -> str:
        return f"{self.owner.__name__}.{self.name}"


def all_subclasses(cls: type) -> set[type]:
    return {cls}.union(*map(all_subclasses, cls.__subclasses__()))


def ours(base: type) -> list[type]:
    """The project's own subclasses, in a lasting order."""
    found = [cls for cls in all_subclasses(base) if cls.__module__.partition(".")[0] in PACKAGES]
    return sorted(found, key=lambda cls: (cls.__module__, cls.__name__))


def functions(owner: Any) -> Iterator[FunctionType]:
    """The functions that a class or module has of its own."""
    for function in vars(owner).values():
        if isinstance(function, FunctionType) and function.__module__ == getattr(
            owner, "__module__", owner.__name__
        ):
            yield function


def tree_of(function: FunctionType) -> ast.FunctionDef:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(definition, ast.FunctionDef)
    return definition


def called(function: FunctionType) -> set[str]:
    return {
        node.func.attr
        for node in ast.walk(tree_of(function))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


def removals() -> list[Removal]:
    """All that is to be taken away."""
    from django.db.models import QuerySet
    from django.urls import get_resolver
    from rest_framework.permissions import AllowAny, IsAuthenticated

    from accounts import authentication
    from common.fields import VisibleRelatedField, VisibleRelatedListField
    from common.serializers import ReplayableSerializer
    from common.views import ApiViewSet

    get_resolver().url_patterns  # noqa: B018  (loads all views)
    querysets = ours(QuerySet)
    helpers = {id(module): module for cls in querysets if (module := inspect.getmodule(cls))}.values()
    views = ours(ApiViewSet)
    methods = [(cls, function) for cls in [*querysets, *helpers] for function in functions(cls)]
    names = {function.__name__ for _, function in methods}
    scoping = {
        function.__name__ for _, function in methods if "user" in inspect.signature(function).parameters
    }
    reads = [
        (cls, function)
        for cls in [*views, VisibleRelatedField, VisibleRelatedListField]
        for function in functions(cls)
        # One that calls super() is a function of its class and of no other place.
        if called(function) & scoping and "super" not in function.__code__.co_names
    ]
    reads += [(authentication, authentication._open_sessions)]
    # With what those narrow by in turn, and the views; `with_…` that asks for no user only adds columns.
    further = {
        name
        for _, function in reads
        for name in called(function) & names
        if not name.startswith(("with_", "without_"))
    }
    while not further <= scoping:
        scoping |= further
        further = {
            name
            for _, function in methods
            if function.__name__ in scoping
            for name in called(function) & names
            if not name.startswith(("with_", "without_"))
        }
    narrowing = {name for name in scoping if not name.startswith(("_", "with_"))} | {"filter", "exclude"}

    found = [
        removal
        for owner, function in [*methods, *reads]
        if function.__name__ in scoping or (owner, function) in reads
        for removal in thinned(owner, function, narrowing)
    ]
    for cls in views:
        for name in sorted({"has_role", "trash_in_sight", "gate"} & vars(cls).keys()):
            if any(name in vars(base) for base in cls.__mro__[1:]):
                found.append(Removal(cls, name, "all of it", _inherited(cls, name)))
        for permission in vars(cls).get("permission_classes", ()):
            if permission is not AllowAny:
                found.append(Removal(cls, "permission_classes", permission.__name__, (IsAuthenticated,)))
    found.append(Removal(ApiViewSet, "permission_classes", "IsAuthenticated", (AllowAny,)))
    found.append(Removal(ApiViewSet, "gate", "all of it", lambda view: None))
    for base, name in ((VisibleRelatedField, "resolve"), (ReplayableSerializer, "is_replayed_by")):
        for cls in sorted(all_subclasses(base) - {base}, key=lambda cls: cls.__name__):
            if name in vars(cls):
                found.append(Removal(cls, name, "all of it", _inherited(cls, name)))
    return found


def named(removals: list[Removal]) -> dict[str, Removal]:
    """The removals by names of their own, the same in every process."""
    found: dict[str, Removal] = {}
    for removal in removals:
        name = " without ".join(removal.key)
        while name in found:
            name += " again"
        found[name] = removal
    return found


def _inherited(cls: type, name: str) -> Any:
    return next(vars(base)[name] for base in cls.__mro__[1:] if name in vars(base))


def thinned(owner: Any, function: FunctionType, narrowing: set[str]) -> Iterator[Removal]:
    """The function without each of its conditions."""
    whole = tree_of(function)
    seen = {ast.dump(whole)}
    for place, node in enumerate(ast.walk(whole)):
        for without, replacement in _thinner(node, narrowing):
            tree = copy.deepcopy(whole)
            _replace(tree, list(ast.walk(tree))[place], replacement)
            if ast.dump(tree) in seen:
                continue
            seen.add(ast.dump(tree))
            tree.decorator_list = []
            module = ast.fix_missing_locations(ast.Module([tree], []))
            namespace: dict[str, Any] = {}
            exec(compile(module, function.__code__.co_filename, "exec"), function.__globals__, namespace)  # noqa: S102
            yield Removal(owner, function.__name__, without, namespace[function.__name__])


def _thinner(node: ast.AST, narrowing: set[str]) -> Iterator[tuple[str, ast.AST]]:
    """What can be left out of an expression, and what remains of it."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in narrowing:
        receiver = node.func.value
        everything = ast.Call(ast.Attribute(receiver, "all", ast.Load()), [], [])
        yield f".{node.func.attr}({', '.join(map(ast.unparse, [*node.args, *node.keywords]))})", everything
    conditions = isinstance(node, ast.Call) and (
        getattr(node.func, "attr", "") in {"filter", "exclude"} or getattr(node.func, "id", "") == "Q"
    )
    if conditions and len(node.args) + len(node.keywords) > 1:
        for place, keyword in enumerate(node.keywords):
            rest = node.keywords[:place] + node.keywords[place + 1 :]
            yield ast.unparse(keyword), ast.Call(node.func, node.args, rest)
        for place, argument in enumerate(node.args):
            rest_of_arguments = node.args[:place] + node.args[place + 1 :]
            yield ast.unparse(argument), ast.Call(node.func, rest_of_arguments, node.keywords)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd):
        sign = "|" if isinstance(node.op, ast.BitOr) else "&"
        yield f"{sign} {ast.unparse(node.right)}", node.left
        yield f"{ast.unparse(node.left)} {sign}", node.right
    if isinstance(node, ast.IfExp) and ast.unparse(node.orelse).endswith(".none()"):
        yield f"if {ast.unparse(node.test)}", node.body


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, copy.deepcopy(new))
            elif isinstance(value, list) and any(one is old for one in value):
                setattr(parent, name, [copy.deepcopy(new) if one is old else one for one in value])


class Doors:
    """The door tests, once as they are and then again for each removal."""

    def __init__(self, items: list[pytest.Item]):
        self.items = items
        self.passed: dict[tuple[Any, str], list[pytest.Item]] = defaultdict(list)
        self.failure = self.failed_as_they_are = ""

    def run(self, item: pytest.Item) -> bool:
        """Whether a test passes; the world stays for the next one."""
        from _pytest.runner import runtestprotocol

        from common.statements import forget_compiled

        # Statements that were compiled before would know nothing of what is taken away.
        forget_compiled()
        # With one of another module to follow, all but the world is taken down.
        other = next(other for other in self.items if other.path != item.path)
        reports = runtestprotocol(item, nextitem=other, log=False)
        self.failure = next((report.longreprtext for report in reports if not report.passed), "")
        return not self.failure

    def trace(self, removals: list[Removal]) -> None:
        """Run all tests once, each in one of the processes, and note which come through what."""
        through: set[tuple[Any, str]] = set()

        def noted(owner: Any, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(function)
            def call(*args: Any, **kwargs: Any) -> Any:
                through.add((owner, name))
                return function(*args, **kwargs)

            return call

        class Noted:
            """A value of a class; whoever reads it comes through."""

            def __init__(self, value: Any, owner: Any, name: str):
                self.value, self.place = value, (owner, name)

            def __get__(self, instance: Any, cls: type) -> Any:
                through.add(self.place)
                return self.value

        places = list(dict.fromkeys((removal.owner, removal.name) for removal in removals))
        kept = {place: vars(place[0])[place[1]] for place in places if place[1] in vars(place[0])}
        for (owner, name), value in kept.items():
            trap = noted(owner, name, value) if isinstance(value, FunctionType) else Noted(value, owner, name)
            setattr(owner, name, trap)
        process, processes = process_of(os.environ)
        mine = []
        try:
            for number in range(process, len(self.items), processes):
                through.clear()
                began = time.monotonic()
                if not self.run(self.items[number]):
                    break
                seconds = time.monotonic() - began
                # What nobody has of their own leaves no trace.
                found = [place in through or place not in kept for place in places]
                mine.append((number, seconds, found))
        finally:
            for (owner, name), function in kept.items():
                setattr(owner, name, function)
        failure = f"{self.items[number].nodeid} fails as it is:\n{self.failure}" if self.failure else ""
        told = exchanged([failure, mine])
        self.failed_as_they_are = "\n".join(failure for failure, _ in told if failure)
        traces = [trace for _, one in told for trace in one]
        assert self.failed_as_they_are or sorted(trace[0] for trace in traces) == list(range(len(self.items)))
        for number, _, found in self._in_turn(traces):
            for place, comes_through in zip(places, found, strict=True):
                if comes_through:
                    self.passed[place].append(self.items[number])

    def _in_turn(self, traces: list[Any]) -> list[Any]:
        """Of each function the quickest test, then of each the next: one function notices much the same."""
        ranks: Counter[Any] = Counter()
        ranked = []
        for number, seconds, found in sorted(traces, key=lambda trace: trace[1]):
            function = self.items[number].function
            ranked.append((ranks[function], seconds, number, found))
            ranks[function] += 1
        return [(number, seconds, found) for _, seconds, number, found in sorted(ranked)]

    def notices(self, removal: Removal) -> pytest.Item | None:
        """The first test that fails without it."""
        items = self.passed[removal.owner, removal.name]
        had = removal.name in vars(removal.owner)
        kept = vars(removal.owner).get(removal.name)
        setattr(removal.owner, removal.name, removal.rest)
        try:
            for item in items:
                if not self.run(item):
                    # It may well notice the next one too.
                    items.remove(item)
                    items.insert(0, item)
                    return item
        finally:
            if had:
                setattr(removal.owner, removal.name, kept)
            else:
                delattr(removal.owner, removal.name)
        return None


def process_of(environ: Mapping[str, str]) -> tuple[int, int]:
    """Which of how many processes this one is."""
    processes = int(environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    return int(environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % processes, processes


def exchanged(mine: Any) -> list[Any]:
    """What all processes have to say, once each has said it."""
    process, processes = process_of(os.environ)
    folder = Path(os.environ["DATA_DIR"]) / "doors"
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{process}.unfinished"
    unfinished.write_text(json.dumps(mine))
    unfinished.rename(folder / f"{process}.json")
    deadline = time.monotonic() + PATIENCE
    while len(told := sorted(folder.glob("*.json"))) < processes:
        assert time.monotonic() < deadline, "Another process has never ended its share."
        time.sleep(0.1)
    return [json.loads(one.read_text()) for one in told]


class WithoutIt(pytest.Item):
    """One removal, to be run by whichever process is free."""

    def __init__(self, *, removal: Removal, doors: Doors, **kwargs: Any):
        super().__init__(**kwargs)
        self.removal, self.doors = removal, doors
        # Says that there is to be a database.
        self.add_marker(pytest.mark.django_db)

    def runtest(self) -> None:
        """Runs door tests, which set up what they need; so it is run by the hook below and not by pytest."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    doors = Doors(list(items))
    items[:] = [
        WithoutIt.from_parent(session, name=name, removal=removal, doors=doors)
        for name, removal in named(removals()).items()
    ]


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, bool, bool]:
    # None are in the process that only hands them out.
    if session.items and not session.config.option.collectonly:
        session.items[0].doors.trace(removals())
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    if not isinstance(item, WithoutIt):
        return None
    doors, removal = item.doors, item.removal
    began = time.time()
    outcome: Literal["passed", "failed"] = "passed"
    longrepr, noticing = None, None
    if doors.failed_as_they_are:
        outcome, longrepr = "failed", doors.failed_as_they_are
        item.session.shouldfail = "The door tests fail as they are."
    elif not (noticing := doors.notices(removal)) and removal.key not in REASONS:
        outcome, longrepr = "failed", "Nobody notices."
    if nextitem is None or item.session.shouldfail:
        # Takes the world down.
        item.session._setupstate.teardown_exact(None)
    ended = time.time()
    report = pytest.TestReport(
        item.nodeid,
        item.location,
        keywords={},
        outcome=outcome,
        longrepr=longrepr,
        when="call",
        user_properties=[("by", noticing.nodeid.partition("::")[2] if noticing else "")],
        start=began,
        stop=ended,
        duration=ended - began,
    )
    item.ihook.pytest_runtest_logreport(report=report)
    return True


class Tally:
    """What is noticed, told as it comes and summed up at the end, by the process that was started."""

    def __init__(self) -> None:
        self.noticed: set[str] = set()
        self.missed: set[str] = set()

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self.terminal = session.config.get_terminal_writer()
        self.todo = {name: removal.key for name, removal in named(removals()).items()}

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str]:
        return report.outcome, "", ""  # a line says more than a dot

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.removeprefix("::")
        by = dict(report.user_properties).get("by")
        (self.noticed if by else self.missed).add(name)
        done = len(self.noticed) + len(self.missed)
        self.terminal.line(
            f"{done:>4}/{len(self.todo)} {report.duration:>5.1f} s  {name:<110} {by or 'NOBODY NOTICES'}"
        )

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        share = len(self.noticed) / max(1, len(self.noticed) + len(self.missed))
        self.terminal.line(f"\nNoticed: {len(self.noticed)} of {len(self.todo)}, {share:.1%}")
        survivors = {self.todo[name] for name in self.missed}
        for key in sorted(survivors):
            reason = REASONS.get(key, "no reason is known")
            self.terminal.line(f"  not noticed: {' without '.join(key)}: {reason}")
        # Of a few chosen by `-k` nothing can be said about the others.
        is_whole = not session.config.option.keyword
        stale = REASONS.keys() - survivors if is_whole else set()
        for key in sorted(stale):
            self.terminal.line(f"  noticed or gone, so its reason can go: {' without '.join(key)}")
        if is_whole and (share < WANTED or stale):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Tally())
