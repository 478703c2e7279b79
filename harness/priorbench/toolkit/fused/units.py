# mypy: allow-untyped-defs, allow-untyped-calls
"""Compiles a function that Python calls, together with all that it calls, once.

numba optimises each function and makes machine code of it, and does both again in each function that calls
it. Here a function that compiled code calls is only translated to LLVM's language. What Python calls is
linked with the translations that it needs, each once, then optimised and turned into machine code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import llvmlite.binding
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.environment import lookup_environment
from numba.core.registry import CPUDispatcher


class Kernel(CPUDispatcher):
    """A function for Python, and its translation for compiled code.

    Parameters
    ----------
    function : callable
        to be compiled.
    options : dict[str, Any]
        of numba's compiler.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        options = {"nopython": True, "no_cfunc_wrapper": True, **options}
        super().__init__(function, targetoptions=options, pipeline_class=_WholeCompiler)
        options = {"no_cpython_wrapper": True, **options}
        self._part = _Part(function, targetoptions=options, pipeline_class=_PartCompiler)

    def get_call_template(self, args, kws):
        """Return what numba has to know to call the function from compiled code."""
        return self._part.get_call_template(args, kws)

    def get_overload(self, sig):
        """Return numba's key of the translation for these types."""
        return self._part.get_overload(sig)


class _Part(CPUDispatcher):
    """A function that compiled code calls."""

    def compile(self, sig):
        types = tuple(sig)
        if types not in self.overloads:
            key = object()  # numba wants an address that it can tell from others; there is none yet
            compiler: Any = self._compiler  # type: ignore[attr-defined]
            found = compiler.compile(types, None)._replace(entry_point=key)
            self.targetctx.insert_user_function(key, found.fndesc, [found.library])
            self.overloads[types] = found
        return self.overloads[types].entry_point  # type: ignore[attr-defined]


class _PartCompiler(Compiler):
    def __init__(self, typingctx, targetctx, library, args, return_type, flags, locals):
        flags.no_compile = True
        super().__init__(typingctx, targetctx, library, args, return_type, flags, locals)
        self.state.library = _PartLibrary(targetctx.codegen(), "part")


class _WholeCompiler(Compiler):
    def __init__(self, typingctx, targetctx, library, args, return_type, flags, locals):
        super().__init__(typingctx, targetctx, library, args, return_type, flags, locals)
        self.state.library = _WholeLibrary(targetctx.codegen(), "whole")
        self.state.library.enable_object_caching()


class _PartLibrary(JITCodeLibrary):
    """The translation of one function."""

    def finalize(self):
        self._raise_if_finalized()
        self._finalized = True
        for function in _defined(self._final_module):
            if function.linkage == llvmlite.binding.Linkage.external:
                function.linkage = "linkonce_odr"

    def alone(self):
        """Return the translation, without those that it needs."""
        return self._final_module

    def _get_module_for_linking(self):
        """Return the translation with all that it needs: for functions that are numba's alone."""
        if self._shared_module is None:
            self._shared_module = self._final_module.clone()
            _link(self, self._shared_module)
        return self._shared_module


class _WholeLibrary(JITCodeLibrary):
    """The machine code of a function that Python calls."""

    def finalize(self):
        self._raise_if_finalized()
        module = self._final_module
        self._called = [function.name for function in _defined(module)]
        _link(self, module)
        for function in _defined(module):
            if function.name not in self._called:
                function.linkage = "internal"
        self._optimize_final_module()
        module.verify()
        self._finalize_final_module()
        for variable in module.global_variables:
            environment = lookup_environment(variable.name)
            if environment is not None:
                self._codegen.set_env(variable.name, environment)  # type: ignore[attr-defined]

    def _get_module_for_linking(self):
        """Return names alone, which are kept with the machine code: nobody links with it."""
        names = [f'define void @"{name}"() {{ unreachable }}' for name in self._called]
        return llvmlite.binding.parse_assembly("\n".join(names))


def _defined(module: Any) -> Iterator[Any]:
    return (function for function in module.functions if not function.is_declaration)


def _link(library: Any, module: Any) -> None:
    """Link a module of a library with all that it needs.

    LLVM leaves out what may be left out and nothing so far refers to, though what comes later may. So all
    is taken, and what is not used is removed when the whole is optimised.
    """
    for needed in _needed(library, set()):
        library._reload_init.update(needed._reload_init)
        part = isinstance(needed, _PartLibrary)
        given = (needed.alone() if part else needed._get_module_for_linking()).clone()
        for function in _defined(given):
            if function.linkage == llvmlite.binding.Linkage.linkonce_odr:
                function.linkage = "weak_odr"
        module.link_in(given)


def _needed(library: Any, seen: set[Any]) -> Iterator[Any]:
    """Yield the libraries that one needs, those that they need too, each once."""
    for needed in library._linking_libraries:
        if needed not in seen:
            seen.add(needed)
            yield needed
            if isinstance(needed, _PartLibrary):
                yield from _needed(needed, seen)
