"""The names of a syntax tree, scope by scope, in one walk.

A scope's unbound reads are handed to the scope around it when it ends, past a class, which its functions do not see.
So one rule serves functions, lambdas and comprehensions, and every version of Python gives the same (``symtable`` does
not: since 3.12 a comprehension's own variables stand among the names around it).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable

from jupyter_spark.ipysyntax import parse_python

# Methods that change what they are called on; which type that is cannot be known, so this is a best effort.
MUTATORS = frozenset(
    {
        "add", "append", "appendleft", "clear", "discard", "extend", "insert", "intersection_update", "pop",
        "popitem", "popleft", "remove", "reverse", "setdefault", "sort", "update", "fit", "fit_transform",
        "partial_fit", "load_state_dict", "add_module"
    }
)  # fmt: skip
_LINE_MAGICS = frozenset({"time", "timeit", "prun"})
_OPENERS = frozenset({"run", "pylab"})
_SHELL_NAME = re.compile(r"\{\s*([^\W\d]\w*)|\$([^\W\d]\w*)")
_OPTIONS = re.compile(r"^(?:\s*-\w+(?:\s+\d+)?\b)*\s*")
_TARGETS = (ast.Attribute, ast.Subscript, ast.Starred)


class Scope:
    """The names of one scope while it is walked."""

    def __init__(self, kind: str, outer: Scope | None = None) -> None:
        self.kind = kind
        self.outer = outer
        self.bound: set[str] = set()
        self.reads: set[str] = set()
        self.early: set[str] = set()  # read before they are bound
        self.past: set[str] = set()  # reads of inner scopes, which do not see a class's names
        self.declared: set[str] = set()  # ``global`` names
        self.nonlocals: set[str] = set()


class Names(ast.NodeVisitor):
    """Collects the global names of a module; read ``module``, ``mutates``, ``imports`` and ``stars`` afterwards."""

    def __init__(self) -> None:
        self.module = self.scope = Scope("module")
        self.mutates: set[str] = set()
        self.imports: set[str] = set()
        self.stars: list[str] = []

    # --- reading and binding

    def _read(self, name: str) -> None:
        scope = self.module if name in self.scope.declared else self.scope
        scope.reads.add(name)
        if name not in scope.bound:
            scope.early.add(name)

    def _bind(self, name: str) -> None:
        scope = self.scope
        if name in scope.declared:
            self.module.bound.add(name)
        elif name not in scope.nonlocals:
            scope.bound.add(name)

    def _within(self, kind: str, walk: Callable[[], None]) -> None:
        inner = self.scope = Scope(kind, self.scope)
        walk()
        outer = inner.outer
        assert outer is not None  # noqa: S101 - only the module has none
        self.scope = outer
        free = (inner.reads - inner.bound) | inner.past
        (outer.past if outer.kind == "class" else outer.reads).update(free)
        # A function's body runs later, when all of its module is bound; a class's and a comprehension's run at once.
        if kind != "function":
            outer.early |= free - outer.bound

    def _each(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._bind(node.id)
        else:
            self._read(node.id)

    def visit_Global(self, node: ast.Global) -> None:
        if self.scope.kind != "module":
            self.scope.declared.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.scope.nonlocals.update(node.names)
        self.scope.reads.update(node.names)

    # --- statements

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        self._each(node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._each((node.annotation, node.value))
        self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self._read(node.target.id)
        self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        here = self.scope
        while self.scope.kind == "comprehension" and self.scope.outer is not None:
            self.scope = self.scope.outer
        self._bind(node.target.id)
        self.scope = here

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._each((node.target, *node.body, *node.orelse))

    visit_AsyncFor = visit_For  # noqa: N815 - the visitor's naming

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = (alias.asname or alias.name).partition(".")[0]
            self._bind(name)
            self._imported(name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(node.module or "." * node.level)
            else:
                self._bind(alias.asname or alias.name)
                self._imported(alias.asname or alias.name)

    def _imported(self, name: str) -> None:
        if self.scope is self.module:
            self.imports.add(name)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name)
        self.generic_visit(node)

    def _pattern(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self._bind(node.name)
        self.generic_visit(node)

    visit_MatchAs = visit_MatchStar = _pattern  # noqa: N815 - the visitor's naming

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self._bind(node.rest)
        self.generic_visit(node)

    # --- scopes

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = node.args
        annotated = (argument.annotation for argument in _arguments(arguments))
        self._each((*node.decorator_list, *arguments.defaults, *arguments.kw_defaults, *annotated, node.returns))
        self._bind(node.name)
        self._function(arguments, node.body, getattr(node, "type_params", ()))

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - the visitor's naming

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._each((*node.args.defaults, *node.args.kw_defaults))
        self._function(node.args, [node.body], ())

    def _function(self, arguments: ast.arguments, body: Iterable[ast.AST], parameters: Iterable[ast.AST]) -> None:
        def walk() -> None:
            self.scope.bound.update(argument.arg for argument in _arguments(arguments))
            self._each((*parameters, *body))

        self._within("function", walk)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._each((*node.decorator_list, *node.bases, *node.keywords))
        self._within("class", lambda: self._each((*getattr(node, "type_params", ()), *node.body)))
        self._bind(node.name)

    def visit_TypeVar(self, node: ast.AST) -> None:
        self._bind(node.name)  # type: ignore[attr-defined]
        self.generic_visit(node)

    visit_ParamSpec = visit_TypeVarTuple = visit_TypeVar  # noqa: N815 - the visitor's naming

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        first = node.generators[0]
        self.visit(first.iter)  # evaluated outside

        def walk() -> None:
            for part in node.generators:
                if part is not first:
                    self.visit(part.iter)
                self._each((part.target, *part.ifs))
            self._each((node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,))

        self._within("comprehension", walk)

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension  # noqa: N815

    # --- what changes without being bound

    def visit_Attribute(self, node: ast.Attribute | ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._mutated(node)
        self.generic_visit(node)

    visit_Subscript = visit_Attribute  # noqa: N815 - the visitor's naming

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func
        if isinstance(called, ast.Attribute):
            in_place = any(k.arg == "inplace" and getattr(k.value, "value", None) is True for k in node.keywords)
            if called.attr in MUTATORS or in_place:
                self._mutated(called)
            elif called.attr in ("run_line_magic", "system", "getoutput"):
                self._magic(called.attr, [a.value for a in node.args if isinstance(a, ast.Constant)])
        self.generic_visit(node)

    def _mutated(self, node: ast.expr) -> None:
        while isinstance(node, _TARGETS):
            node = node.value
        if isinstance(node, ast.Name) and (self.scope is self.module or node.id not in self._locals()):
            self.mutates.add(node.id)

    def _locals(self) -> set[str]:
        found: set[str] = set()
        scope: Scope | None = self.scope
        while scope is not None and scope is not self.module:
            found |= scope.bound
            scope = scope.outer
        return found

    def _magic(self, kind: str, words: list[object]) -> None:
        """``%time f(x)`` reads like its code, ``!ls {folder}`` the names in it, and ``%run`` may bind anything."""
        line = str(words[-1]) if words else ""
        if kind == "run_line_magic" and words[0] in _LINE_MAGICS:
            try:
                self._each(parse_python(_OPTIONS.sub("", line)).body)
            except SyntaxError:
                return
        elif kind == "run_line_magic" and words[0] in _OPENERS:
            self.stars.append(f"%{words[0]}")
        else:
            for found in _SHELL_NAME.finditer(line):
                self._read(found[1] or found[2])


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    more = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *more]
