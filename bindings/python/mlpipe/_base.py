# SPDX-License-Identifier: MIT
"""What all of the module stands on: the library, its errors, parameters,
handles, and the contexts of threads."""
import ctypes
import logging
import os
import re
import threading
import traceback

from . import _raw


def _load():
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


class Error(Exception):
    """What the library said: status, detail, row, column, where, text."""

    def __init__(self, error):
        self.status = error.status
        self.name = _lib.mlpipe_status_name(error.status).decode()
        self.detail = error.detail
        self.row = error.row if error.row >= 0 else None
        self.column = _text(error.column) or None
        self.where = _text(error.where) or None
        self.text = _text(error.text)
        super().__init__(f"{self.name}: {self.text}")


def _text(raw):
    return raw.decode("utf-8", "replace") if raw else ""


def _bytes(text):
    if text is None:
        return None
    if isinstance(text, os.PathLike):
        text = os.fspath(text)
    if not isinstance(text, str):
        raise TypeError(f"a text is needed, not {type(text).__name__}")
    return text.encode()


def _params(text, named):
    """"a=1 b=2" and keywords as one parameter text."""
    parts = [text] if text else []
    for key, value in named.items():
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, (list, tuple)):
            value = ",".join(str(v) for v in value)
        elif isinstance(value, float):
            value = repr(value)
        value = str(value).replace("'", "''")
        parts.append(f"{key.rstrip('_')}='{value}'")
    return " ".join(parts).encode() or None


def _names(names):
    """Names of columns as a parameter's list; odd ones in backticks."""
    if isinstance(names, str):
        # "a, b" is what one writes of "a,b"; in backticks all is as it is.
        return names if "`" in names else re.sub(r"\s*,\s*", ",", names)
    for name in names:
        if not isinstance(name, str):
            raise TypeError("names of columns are texts, not "
                            f"{type(name).__name__}")
    return ",".join(
        "`" + name.replace("`", "``") + "`" if re.search("[,`]", name)
        else name for name in names)


def _is(thing, kind):
    if not isinstance(thing, kind):
        raise TypeError(f"a mlpipe.{kind.__name__} is needed, not "
                        f"{type(thing).__name__}")


class _Handle:
    """An object of the library: freed with this one."""

    _free = None

    def __init__(self, pointer):
        self._p = pointer

    def __del__(self):
        pointer, self._p = getattr(self, "_p", None), None
        if pointer and _lib is not None:
            getattr(_lib, self._free)(pointer)


_logger = logging.getLogger("mlpipe")
_LEVELS = {_raw.MLPIPE_LOG_ERROR: logging.ERROR,
           _raw.MLPIPE_LOG_WARN: logging.WARNING,
           _raw.MLPIPE_LOG_INFO: logging.INFO}
_local = threading.local()


def _log(user, level, component, text):
    """A line of the library's log to Python's. What a handler raises is
    printed, since nothing may pass through C; Ctrl-C waits for its end."""
    try:
        _logger.log(_LEVELS.get(level, logging.DEBUG), "%s: %s",
                    _text(component), _text(text))
    except KeyboardInterrupt:
        _local.interrupted = True
    except BaseException:
        traceback.print_exc()


# One for all contexts, which no object can outlive.
_log_callback = dict(_raw.mlpipe_ctx_options._fields_)["log"](_log)


class _Context(_Handle):
    _free = "mlpipe_ctx_free"

    def __init__(self, threads=1, seed=0):
        options = _raw.mlpipe_ctx_options()
        options.size = ctypes.sizeof(options)
        options.threads = threads
        options.seed = seed
        options.log_level = _raw.MLPIPE_LOG_INFO
        options.log = _log_callback
        pointer = ctypes.POINTER(_raw.mlpipe_ctx)()
        status = _lib.mlpipe_ctx_new(ctypes.byref(options),
                                     ctypes.byref(pointer))
        if status == _raw.MLPIPE_E_NOMEM:
            raise MemoryError("no context")
        if status:
            raise ValueError(f"threads={threads} or seed={seed} is out of "
                             "range")
        super().__init__(pointer)

    def call(self, name, *arguments):
        status = getattr(_lib, name)(self._p, *arguments)
        if getattr(_local, "interrupted", False):
            _local.interrupted = False
            raise KeyboardInterrupt
        if status:
            raise Error(_lib.mlpipe_ctx_error(self._p).contents)

    def give(self, name, kind, *arguments):
        """Call a function whose last argument gives an object."""
        pointer = ctypes.POINTER(kind)()
        self.call(name, *arguments, ctypes.byref(pointer))
        return pointer

    def text(self, name, *arguments):
        """Call a function that gives a buffer; its bytes."""
        return self.taken(self.give(name, _raw.mlpipe_buffer, *arguments))

    def taken(self, buffer):
        """The bytes of a buffer, which is freed."""
        try:
            return ctypes.string_at(_lib.mlpipe_buffer_data(buffer),
                                    _lib.mlpipe_buffer_size(buffer))
        finally:
            _lib.mlpipe_buffer_free(buffer)


_settings = (1, 0)


def _ctx():
    """The context of this thread, process and configuration: the library's
    belong to one thread at a time, and to the process that made them."""
    made_for = (os.getpid(), _settings)
    if getattr(_local, "made_for", None) != made_for:
        _local.context = _Context(*_settings)
        _local.made_for = made_for
    return _local.context


def configure(threads=1, seed=0):
    """Threads and seed of every later call, on every thread of Python."""
    global _settings
    _Context(threads, seed)  # refuses what no later call could use
    _settings = (threads, seed)


def version():
    """The version of the loaded library, such as "0.1.0"."""
    v = _lib.mlpipe_version()
    return f"{v >> 16}.{v >> 8 & 255}.{v & 255}"
