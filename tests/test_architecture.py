"""The house rules: which line may stand in which room. The import order is import-linter's to hold."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = sorted(
    str(path.parent.relative_to(ROOT)).removesuffix("/services")
    for app in ("*", "config/*")
    for room in ("services.py", "services/__init__.py")
    for path in ROOT.glob(f"{app}/{room}")
)
GATES = {
    "visible_to",
    "told_to",
    "overseen_by",
    "administered_by",
    "owned_by",
    "in_trash_of",
    "deleted_of_member",
}
WRITES = {
    "save",
    "create",
    "bulk_create",
    "update",
    "update_or_create",
    "get_or_create",
    "soft_delete",
    "restore",
}


def calls(tree):
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def reads_without_a_gate(tree):
    """A view that says `.objects.` goes through one of the gates at once, or hands the manager to `scope`."""
    declared = {
        id(node)
        for statement in ast.walk(tree)
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        and {"queryset", "parent"} & {getattr(target, "id", "") for target in _targets(statement)}
        for node in ast.walk(statement)
    }
    handed_on = {
        id(argument)
        for call in calls(tree)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "scope"
        for argument in call.args
    }
    gated = {
        id(call.func.value)
        for call in calls(tree)
        if isinstance(call.func, ast.Attribute) and call.func.attr in GATES
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"objects", "_base_manager", "_default_manager"}
        and id(node) not in declared | handed_on | gated
    ]


def _targets(statement):
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def writes(tree):
    """Only services write: elsewhere nothing of the kind is called on a manager or a row."""
    return [
        call.lineno
        for call in calls(tree)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in WRITES
        and not _is_super(call.func.value)
        and not (isinstance(call.func.value, ast.Name) and call.func.value.id == "services")
    ]


def _is_super(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def hidden_flow(tree):
    """No signals and no overridden save or delete in an app: a write does what its service says."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.FunctionDef) and node.name in {"save", "delete"} and node.args.args)
        or (isinstance(node, ast.ImportFrom) and "signals" in (node.module or ""))
    ]


def unclear_services(tree):
    """A public service takes keywords only, and says what each is and what comes back."""
    return [
        node.lineno
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and (
            node.args.args
            or node.returns is None
            or any(argument.annotation is None for argument in node.args.kwonlyargs)
            or ast.get_docstring(node) is None
        )
    ]


def queries_in_models(tree):
    """A model describes; it does not ask."""
    return [
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "objects"
    ]


# Rule, the rooms it holds in, code that breaks it, code that keeps it.
RULES = [
    (
        reads_without_a_gate,
        ("views",),
        "def get_queryset(self):\n    return Thread.objects.filter(pk=1)",
        "def get_queryset(self):\n    return Thread.objects.visible_to(self.viewer).filter(pk=1)",
    ),
    (
        writes,
        ("views", "serializers"),
        "def perform_create(self, serializer):\n    serializer.save()",
        "def perform_create(self, serializer):\n    serializer.instance = services.create(title='')",
    ),
    (
        hidden_flow,
        ("models", "services", "views", "apps", "querysets"),
        "class Thread(Model):\n    def save(self, *args):\n        super().save(*args)",
        "class Thread(Model):\n    def title(self):\n        return ''",
    ),
    (
        unclear_services,
        ("services",),
        "def close(thread):\n    '''Close.'''",
        "def close(*, thread: Thread) -> None:\n    '''Close.'''",
    ),
    (
        queries_in_models,
        ("models",),
        "class Thread(Model):\n    @property\n    def count(self):\n        return Message.objects.count()",
        "class Thread(Model):\n    objects = ThreadQuerySet.as_manager()",
    ),
]
IDS = [rule.__name__ for rule, *_ in RULES]


@pytest.mark.parametrize(("rule", "rooms", "breaks", "keeps"), RULES, ids=IDS)
def test_a_house_rule(rule, rooms, breaks, keeps):
    assert rule(ast.parse(breaks)), "the rule no longer notices what breaks it"
    assert not rule(ast.parse(keeps))
    broken = {
        f"{path.relative_to(ROOT)}:{line}"
        for app in APPS
        for room in rooms
        for path in [ROOT / app / f"{room}.py", *(ROOT / app / room).glob("*.py")]
        if path.is_file()
        for line in rule(ast.parse(path.read_text()))
    }
    assert not broken


def test_each_package_imports_only_what_stands_below_it():
    done = subprocess.run(  # noqa: S603
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
