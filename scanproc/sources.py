"""What the sources of a package compute and import, read without running them: what makes a result stale.

A source counts by its byte code: neither comments, docstrings, blank lines nor where the package lies change it.
"""

from __future__ import annotations

import dis
import hashlib
import json
import marshal
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

_LOAD_CONST, _STORE_NAME = dis.opmap["LOAD_CONST"], dis.opmap["STORE_NAME"]
_OPTIMIZED = 0x01  # inspect.CO_OPTIMIZED: the code of a function, not of a class or module
_TOLD = ("__doc__", "__firstlineno__")  # what a class or module says of itself in its code (the second from 3.13 on)


@dataclass(frozen=True)
class _Source:
    """A hash of what a module computes, the modules of its package that it imports, and every other name in it.

    `text_sha256` is of its file, and tells whether this still holds.
    """

    text_sha256: str
    sha256: str
    imports: tuple[str, ...]
    names: tuple[str, ...]


class Sources:
    """The modules of a package by the static graph of their imports, those inside functions included.

    Parameters
    ----------
    root : folder of the package.
    data : by module, folders below `root` whose files it reads.
    """

    def __init__(self, root: Path, data: Mapping[str, tuple[str, ...]]) -> None:
        self._root, self._data = root, data
        self._read: dict[str, _Source] = {}
        self._notes_path = root / "__pycache__" / f"sources-{sys.implementation.cache_tag}.json"

    def sha256_by_room(self, *modules: str) -> dict[str, str]:
        """Return a hash of the modules and all that they import, for each room (file or folder of the package)."""
        rooms: defaultdict[str, Any] = defaultdict(hashlib.sha256)
        for module in sorted(self._reached(modules)):
            digest = rooms[module.split(".")[1]]
            digest.update(f"{module} {self.sha256_of(module)}".encode())
            for folder in self._data.get(module, ()):
                for file in sorted((self._root / folder).iterdir()):
                    digest.update(file.name.encode() + b"\0" + file.read_bytes())
        return {room: digest.hexdigest() for room, digest in sorted(rooms.items())}

    def sha256_of(self, module: str) -> str:
        """Return a hash of what one module computes, without what it imports."""
        return self._source(module).sha256

    def names(self, *modules: str) -> frozenset[str]:
        """Return every name in the modules and all that they import: those of the libraries they use are among them."""
        return frozenset().union(*(self._source(module).names for module in self._reached(modules)))

    def _reached(self, modules: Iterable[str]) -> set[str]:
        reached: set[str] = set()
        ahead = list(modules)
        while ahead:
            module = ahead.pop()
            if module not in reached:
                reached.add(module)
                ahead += self._source(module).imports
        return reached

    def _source(self, module: str) -> _Source:
        if module not in self._read:
            text = self._files[module].read_bytes()
            text_sha256 = hashlib.sha256(text).hexdigest()
            noted = self._notes.get(module)
            is_right = noted is not None and noted.text_sha256 == text_sha256
            self._read[module] = noted if noted is not None and is_right else self._compiled(module, text_sha256)
        return self._read[module]

    def _compiled(self, module: str, text_sha256: str) -> _Source:
        # Byte code that lies in __pycache__ is taken from there if it is of this source.
        code = SourceFileLoader(module, str(self._files[module])).get_code(module)
        assert code is not None
        names: set[str] = set()
        # Format 0 knows no references between objects, which differ between runs.
        sha256 = hashlib.sha256(marshal.dumps(_bare(code, names), 0)).hexdigest()
        tops = {name.partition(".")[0] for name in names}
        return _Source(text_sha256, sha256, tuple(sorted(self._imported(names))), tuple(sorted(tops)))

    @cached_property
    def _notes(self) -> dict[str, _Source]:
        """What an earlier process noted of each module; none where this file's rules have changed since."""
        try:
            noted = json.loads(self._notes_path.read_bytes())
            rows = noted["modules"] if noted["rules"] == _rules_sha256() else {}
            return {
                module: _Source(text, code, tuple(imports), tuple(names))
                for module, (text, code, imports, names) in rows.items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # none yet, or not ours
            return {}

    def keep_notes(self) -> None:
        """Note for later processes what was found; nothing where there is no room for it."""
        known = {**self._notes, **self._read}
        if known == self._notes:
            return
        rows = {module: list(vars(source).values()) for module, source in known.items()}
        fresh = self._notes_path.with_name(f".{self._notes_path.name}.{os.getpid()}")
        with suppress(OSError):
            fresh.parent.mkdir(exist_ok=True)
            fresh.write_text(json.dumps({"rules": _rules_sha256(), "modules": rows}), encoding="utf-8")
            fresh.replace(self._notes_path)

    def _imported(self, names: set[str]) -> set[str]:
        """Return which modules are imported where these names are used: a name with a dot is of an import alone.

        In `from package import name`, the name may be a module. The package itself, which all lie in, counts as none.
        """
        found = names & self._files.keys()
        for parent in names & self._children.keys():
            found |= {f"{parent}.{child}" for child in names & self._children[parent]}
        return found

    @cached_property
    def _files(self) -> dict[str, Path]:
        files = {}
        for path in self._root.rglob("*.py"):
            parts = [self._root.name, *path.relative_to(self._root).with_suffix("").parts]
            files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        del files[self._root.name]
        return files

    @cached_property
    def _children(self) -> dict[str, set[str]]:
        children: defaultdict[str, set[str]] = defaultdict(set)
        for module in self._files:
            parent, _, child = module.rpartition(".")
            children[parent].add(child)
        return dict(children)


def _rules_sha256() -> str:
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def _bare(code: CodeType, names: set[str]) -> CodeType:
    """Return code without docstrings, line numbers and path; add to `names` all that it uses."""
    names.update(code.co_names)
    told = _places_told(code)
    constants: list[Any] = []
    for place, constant in enumerate(code.co_consts):
        if isinstance(constant, CodeType):
            constant = _bare(constant, names)
        elif isinstance(constant, frozenset):  # of Python 3.10 in an order that changes from run to run
            constant = tuple(sorted(constant, key=repr))
        elif place in told:
            constant = None
        constants.append(constant)
    return code.replace(co_filename="", co_firstlineno=1, co_linetable=b"", co_consts=tuple(constants))


def _places_told(code: CodeType) -> set[int]:
    """Return which constants are a docstring or a line number."""
    if code.co_flags & _OPTIMIZED:  # a docstring is a function's first constant, or None is; not of lambdas and such
        return set() if code.co_name.startswith("<") else {0}
    places = set()
    for name in _TOLD:
        if name in code.co_names:
            stored = code.co_code.find(bytes([_STORE_NAME, code.co_names.index(name)]))
            if stored >= 2 and code.co_code[stored - 2] == _LOAD_CONST:
                places.add(code.co_code[stored - 1])
    return places
