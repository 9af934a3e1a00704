# SPDX-License-Identifier: MIT
"""What all of the module stands on: the library, its errors, parameters,
handles, and the contexts of threads."""
from __future__ import annotations

import ctypes
import os
import re
import threading
from typing import Any, Optional, Type, TypeVar, Union

from . import _calls, _names as _python, _raw, _times
from ._errors import error_of

Path = Union[str, "os.PathLike[str]"]
_Some = TypeVar("_Some", bound="_Handle")


def _load() -> Any:
    """The library: MLPIPE_LIBRARY, beside this file, or the system's."""
    here = os.path.dirname(os.path.abspath(__file__))
    beside = os.path.join(here, "libmlpipe.so.0")
    name = os.environ.get("MLPIPE_LIBRARY") or (
        beside if os.path.exists(beside) else "libmlpipe.so.0")
    try:
        library = _raw.declare(ctypes.CDLL(name))
    except OSError as error:
        raise OSError(f"{error}; MLPIPE_LIBRARY may name the library, such "
                      "as build/quickstart/lib/libmlpipe.so.0") from None
    # A buffer may hold any bytes, which a C string cannot.
    library.mlpipe_buffer_data.restype = ctypes.c_void_p
    return library


_lib = _load()


def _text(raw: Optional[bytes]) -> str:
    return raw.decode("utf-8", "replace") if raw else ""


def _bytes(text: Any) -> Optional[bytes]:
    if text is None:
        return None
    if isinstance(text, os.PathLike):
        text = os.fspath(text)
    if not isinstance(text, str):
        raise TypeError(f"a text is needed, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError("a NUL ends a text of the library: take it out")
    return text.encode()


def _value(key: str, value: Any) -> str:
    """A value of a keyword as a parameter's text."""
    value = _times.of_numpy(value)
    if _times.is_time(value):
        return _times.text(value)
    if isinstance(value, dict):  # as_={"zipcode": "category"}
        return ",".join(_names([name]) + ":" + _value(key, of)
                        for name, of in value.items())
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()  # a scalar of NumPy's
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, (str, int)):
        return str(value)
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist"):
        return ",".join(_value(key, item) for item in (
            value if isinstance(value, (list, tuple)) else list(value)))
    raise TypeError(f"{key}= takes a text, a number, True or False, a time, "
                    f"a list or a dict of them, not {type(value).__name__}")


def _params(text: Any, named: "dict[str, Any]") -> Optional[bytes]:
    """"a=1 b=2" and keywords as one parameter text; None is not given."""
    if text is not None and not isinstance(text, str):
        raise TypeError("parameters are a text or keywords, not "
                        f"{type(text).__name__}")
    parts = [text] if text else []
    for key, value in named.items():
        if value is None:
            continue
        quoted = _value(key, value).replace("'", "''")
        parts.append(f"{key.rstrip('_')}='{quoted}'")
    return _bytes(" ".join(parts)) or None


def _names(names: Any) -> str:
    """Names of columns as a parameter's list; odd ones in backticks."""
    if isinstance(names, str):
        # "a, b" is what one writes of "a,b"; in backticks all is as it is.
        return names if "`" in names else re.sub(r"\s*,\s*", ",", names)
    for name in names:
        if not isinstance(name, str):
            raise TypeError("names of columns are texts, not "
                            f"{type(name).__name__}")
    return ",".join(
        "`" + name.replace("`", "``") + "`"
        if re.search("[,`()]|^\\s|\\s$", name) else name for name in names)


def _is(thing: Any, kind: type) -> None:
    if not isinstance(thing, kind):
        raise TypeError(f"a mlpipe.{kind.__name__} is needed, not "
                        f"{type(thing).__name__}")


def _whole(number: Any, what: str, low: int = 0,
           high: int = 2**64 - 1) -> int:
    """A whole number between bounds, such as an id."""
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        raise TypeError(f"{what} is a whole number, not "
                        f"{type(number).__name__}")
    number = number.__index__()
    if not low <= number <= high:
        raise ValueError(f"{what} is {low} to {high}, not {number}")
    return int(number)


def _real(x: Any, what: str) -> float:
    """A number, such as a loss."""
    if isinstance(x, (str, bytes)) or not hasattr(x, "__float__"):
        raise TypeError(f"{what} is a number, not {type(x).__name__}")
    try:
        return float(x)
    except OverflowError as error:
        raise ValueError(f"{what}: {error}") from None


def _data(data: Any) -> bytes:
    """The bytes of an object that has some."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"bytes are needed, not {type(data).__name__}")
    return bytes(data)


class _Nothing:
    """What a handle has until it has an object, and after that is freed."""

    def __get__(self, handle: Any, kind: type) -> None:
        if handle is None:
            return  # asked of the class
        raise ValueError(f"this mlpipe.{kind.__name__} was never made, or is "
                         "freed")


class _Handle:
    """An object of the library: freed with this one."""

    _free = ""
    _p: Any = _Nothing()

    def __init__(self) -> None:
        raise TypeError(f"mlpipe.{type(self).__name__} is made by what gives "
                        "one, not by its name")

    @classmethod
    def _of(cls: Type[_Some], pointer: Any) -> _Some:
        """One of an object that the library gave."""
        made = cls.__new__(cls)
        made._p = pointer
        return made

    def __reduce__(self) -> Any:
        raise TypeError(f"a mlpipe.{type(self).__name__} does not pickle")

    def __del__(self) -> None:
        pointer = vars(self).pop("_p", None)
        if pointer and _lib is not None:
            getattr(_lib, self._free)(pointer)


class _Immutable(_Handle):
    """A copy of what never changes is itself."""

    def __copy__(self: _Some) -> _Some:
        return self

    def __deepcopy__(self: _Some, memo: Any) -> _Some:
        return self


_local = threading.local()


class _Context(_Handle):
    _free = "mlpipe_ctx_free"

    def __init__(self, threads: int = 1, seed: int = 0,
                 progress: bool = False) -> None:
        options = _raw.mlpipe_ctx_options()
        options.size = ctypes.sizeof(options)
        options.threads = threads
        options.seed = seed
        options.log_level = _raw.MLPIPE_LOG_INFO
        options.log = _calls.log_callback
        if progress:
            options.progress = _calls.progress_callback
        pointer = ctypes.POINTER(_raw.mlpipe_ctx)()
        status = _lib.mlpipe_ctx_new(ctypes.byref(options),
                                     ctypes.byref(pointer))
        if status == _raw.MLPIPE_E_NOMEM:
            raise MemoryError("no context")
        if status:
            raise ValueError(f"threads={threads} or seed={seed} is out of "
                             "range")
        self._p = pointer

    def call(self, name: str, *arguments: Any) -> None:
        function = getattr(_lib, name)
        call = _calls.Call()
        try:
            with call:
                status = function(self._p, *arguments)
        except ctypes.ArgumentError as error:
            call.check()
            raise TypeError(f"{_python.told(name)}: {error}") from None
        call.check()
        if status:
            raise error_of(_lib.mlpipe_ctx_error(self._p).contents,
                           _text(_lib.mlpipe_status_name(status)))

    def give(self, name: str, kind: Any, *arguments: Any) -> Any:
        """Call a function whose last argument gives an object."""
        return self.gives(name, (kind,), *arguments)[0]

    def gives(self, name: str, kinds: Any, *arguments: Any) -> "list[Any]":
        """Call a function whose last arguments give objects, which are freed
        where something came up behind it."""
        pointers = [ctypes.POINTER(kind)() for kind in kinds]
        try:
            self.call(name, *arguments, *map(ctypes.byref, pointers))
        except BaseException:
            for kind, pointer in zip(kinds, pointers):
                if pointer:
                    getattr(_lib, kind.__name__ + "_free")(pointer)
            raise
        return pointers

    def text(self, name: str, *arguments: Any) -> bytes:
        """Call a function that gives a buffer; its bytes."""
        return self.taken(self.give(name, _raw.mlpipe_buffer, *arguments))

    def taken(self, buffer: Any) -> bytes:
        """The bytes of a buffer, which is freed."""
        try:
            return ctypes.string_at(_lib.mlpipe_buffer_data(buffer),
                                    _lib.mlpipe_buffer_size(buffer))
        finally:
            _lib.mlpipe_buffer_free(buffer)


_settings = (1, 0)


def _ctx() -> _Context:
    """The context of this thread, process and configuration: the library's
    belong to one thread at a time, and to the process that made them."""
    told = _calls.told()
    made_for = (os.getpid(), _settings, told)
    if getattr(_local, "made_for", None) != made_for:
        _local.context = _Context(*_settings, told)
        _local.made_for = made_for
    context: _Context = _local.context
    return context


def configure(threads: Optional[int] = None, seed: Optional[int] = None,
              progress: Optional[_calls.Progress] = None) -> None:
    """Threads (1) and seed (0) of every later call, on every thread of Python,
    and how far a long call is: progress="auto" shows a bar on a terminal and
    in a notebook, False none, True one wherever standard error goes; a
    function of a stage and a fraction is called with them, and may give False
    to stop. What is not given stays as it is; without any, all is as at the
    start."""
    global _settings
    if threads is seed is progress is None:
        threads, seed, progress = 1, 0, "auto"
    settings = (
        _settings[0] if threads is None
        else _whole(threads, "threads", 0, 2**32 - 1),
        _settings[1] if seed is None else _whole(seed, "seed"))
    _Context(*settings)  # refuses what no later call could use
    if progress is not None:
        _calls.set_progress(progress)
    _settings = settings


def version() -> str:
    """The version of the loaded library, such as "0.1.0"."""
    v = _lib.mlpipe_version()
    return f"{v >> 16}.{v >> 8 & 255}.{v & 255}"
