# SPDX-License-Identifier: MIT
"""The C API as it is. Made by tests/abi/lock.py; do not edit."""
from ctypes import (CFUNCTYPE, POINTER, Structure, c_char_p, c_double,
                    c_int32, c_int64, c_size_t, c_uint8, c_uint32, c_uint64,
                    c_void_p)
from typing import Any

MLPIPE_OK = 0
MLPIPE_E_NOMEM = -1
MLPIPE_E_ARG = -2
MLPIPE_E_PARAM = -3
MLPIPE_E_IO = -4
MLPIPE_E_FORMAT = -5
MLPIPE_E_CORRUPT = -6
MLPIPE_E_VERSION = -7
MLPIPE_E_LIMIT = -8
MLPIPE_E_SCHEMA = -9
MLPIPE_E_STATE = -10
MLPIPE_E_BUSY = -11
MLPIPE_E_CANCELLED = -12
MLPIPE_E_HOST = -13
MLPIPE_E_NOT_FOUND = -14
MLPIPE_E_CONFLICT = -15
MLPIPE_E_EMPTY = -16
MLPIPE_E_NUMERIC = -17
MLPIPE_E_LEAK = -18
MLPIPE_E_UNSUPPORTED = -19
MLPIPE_E_INTERNAL = -20
MLPIPE_E_AMBIGUOUS = -21
MLPIPE_LOG_ERROR = 1
MLPIPE_LOG_WARN = 2
MLPIPE_LOG_INFO = 3
MLPIPE_LOG_DEBUG = 4
MLPIPE_VALUE_NULL = 0
MLPIPE_VALUE_NUMBER = 1
MLPIPE_VALUE_TEXT = 2
MLPIPE_IO_OK = 0
MLPIPE_IO_FAILED = 1
MLPIPE_IO_NOT_FOUND = 2
MLPIPE_IO_EXISTS = 3
MLPIPE_IO_DENIED = 4
MLPIPE_IO_NO_SPACE = 5
MLPIPE_IO_BUSY = 6
MLPIPE_IO_READ = 0
MLPIPE_IO_CREATE = 1
MLPIPE_IO_APPEND = 2
MLPIPE_TYPE_BOOL = 1
MLPIPE_TYPE_I64 = 2
MLPIPE_TYPE_F64 = 3
MLPIPE_TYPE_TEXT = 4
MLPIPE_TYPE_CATEGORY = 5
MLPIPE_TYPE_TIMESTAMP = 6
MLPIPE_TYPE_DURATION = 7
MLPIPE_UNIT_NONE = 0
MLPIPE_UNIT_S = 1
MLPIPE_UNIT_MS = 2
MLPIPE_UNIT_US = 3
MLPIPE_UNIT_NS = 4
MLPIPE_ROLE_NONE = 0
MLPIPE_ROLE_TARGET = 1
MLPIPE_ROLE_TIME = 2
MLPIPE_ROLE_GROUP = 3
MLPIPE_ROLE_WEIGHT = 4
MLPIPE_ROLE_ID = 5
MLPIPE_ROLE_LABEL_TIME = 6
MLPIPE_ROLE_KNOWN_TIME = 7
MLPIPE_ROLE_OFFSET = 8
MLPIPE_ROLE_SPLIT = 9
MLPIPE_ROLE_SEGMENT = 10
MLPIPE_ROLE_KEY = 11
MLPIPE_ROLE_PRIVATE = 12
MLPIPE_F64 = 1
MLPIPE_F32 = 2
MLPIPE_I64 = 3
MLPIPE_I32 = 4
MLPIPE_I16 = 5
MLPIPE_I8 = 6
MLPIPE_U64 = 7
MLPIPE_U32 = 8
MLPIPE_U16 = 9
MLPIPE_U8 = 10
MLPIPE_BOOL = 11
MLPIPE_TOKEN = 12
MLPIPE_KIND_CALL = 0
MLPIPE_KIND_ROW = 1
MLPIPE_KIND_FIT = 2
MLPIPE_KIND_ROWS = 3
MLPIPE_KIND_LEARNER = 4
MLPIPE_KIND_FUNCTION = 5
MLPIPE_KIND_SYNTAX = 6
MLPIPE_KIND_TAIL = 7
MLPIPE_KIND_DETECTOR = 8
MLPIPE_PARAM_INT = 1
MLPIPE_PARAM_REAL = 2
MLPIPE_PARAM_BOOL = 3
MLPIPE_PARAM_CHOICE = 4
MLPIPE_PARAM_TEXT = 5
MLPIPE_PARAM_NAMES = 6
MLPIPE_PARAM_REALS = 7
MLPIPE_PARAM_SPAN = 8
MLPIPE_DETAIL_SYNTAX = 100
MLPIPE_DETAIL_UNCLOSED = 101
MLPIPE_DETAIL_CHARACTER = 102
MLPIPE_DETAIL_NUMBER = 103
MLPIPE_DETAIL_INEXACT = 104
MLPIPE_DETAIL_DATE = 105
MLPIPE_DETAIL_EMPTY = 106
MLPIPE_DETAIL_TOO_LONG = 107
MLPIPE_DETAIL_TOO_DEEP = 108
MLPIPE_DETAIL_TOO_MANY = 109
MLPIPE_DETAIL_RESERVED = 110
MLPIPE_DETAIL_DUPLICATE = 111
MLPIPE_DETAIL_UNKNOWN_COLUMN = 112
MLPIPE_DETAIL_UNKNOWN_FUNCTION = 113
MLPIPE_DETAIL_ARGUMENTS = 114
MLPIPE_DETAIL_TYPE = 115
MLPIPE_DETAIL_TEXT_AND_NUMBER = 116
MLPIPE_DETAIL_NOT_CONDITION = 117
MLPIPE_DETAIL_FREE_TEXT = 118
MLPIPE_DETAIL_NO_TEXT = 119
MLPIPE_DETAIL_NOT_CONSTANT = 120
MLPIPE_DETAIL_VALUE = 121
MLPIPE_DETAIL_EDGES = 122
MLPIPE_DETAIL_LABELS = 123
MLPIPE_DETAIL_LEAK = 124
MLPIPE_DETAIL_LINT_YEAR = 150
MLPIPE_DETAIL_LINT_UNKNOWN_TEXT = 151
MLPIPE_DETAIL_LINT_CONSTANT = 152
MLPIPE_DETAIL_LINT_NULL = 153
MLPIPE_FLAG_IMPUTED = 1
MLPIPE_FLAG_UNSEEN = 2
MLPIPE_FLAG_RANGE = 4
MLPIPE_FLAG_NULL = 8
MLPIPE_ACTION_NONE = 0
MLPIPE_ACTION_RETRAIN = 1
MLPIPE_ACTION_SWAPPED = 2
MLPIPE_ACTION_REJECTED = 3
MLPIPE_ACTION_CONFIRMED = 4
MLPIPE_ACTION_ROLLED_BACK = 5
MLPIPE_ACTION_SHADOW = 6
MLPIPE_ACTION_CANARY = 7
MLPIPE_ACTION_DROPPED = 8
MLPIPE_DETECTOR_NONE = 0
MLPIPE_DETECTOR_WARN = 1
MLPIPE_DETECTOR_DRIFT = 2
MLPIPE_VERSION = 256


class mlpipe_ctx(Structure):
    pass


class mlpipe_buffer(Structure):
    pass


class mlpipe_report(Structure):
    pass


class mlpipe_dataset(Structure):
    pass


class mlpipe_builder(Structure):
    pass


class mlpipe_layout(Structure):
    pass


class mlpipe_source(Structure):
    pass


class mlpipe_pipeline(Structure):
    pass


class mlpipe_model(Structure):
    pass


class mlpipe_transform(Structure):
    pass


class mlpipe_predictor(Structure):
    pass


class mlpipe_slot(Structure):
    pass


class mlpipe_worker(Structure):
    pass


class mlpipe_live(Structure):
    pass


class mlpipe_monitor(Structure):
    pass


class mlpipe_trigger(Structure):
    pass


class mlpipe_cycle(Structure):
    pass


class mlpipe_detector(Structure):
    pass


class mlpipe_store(Structure):
    pass


class mlpipe_copula(Structure):
    pass


class mlpipe_value(Structure):
    pass


class mlpipe_error(Structure):
    pass


class mlpipe_io_stat(Structure):
    pass


class mlpipe_io(Structure):
    pass


class mlpipe_limits(Structure):
    pass


class mlpipe_ctx_options(Structure):
    pass


class mlpipe_figure(Structure):
    pass


class ArrowSchema(Structure):
    pass


class ArrowArray(Structure):
    pass


class ArrowArrayStream(Structure):
    pass


class mlpipe_catalog_entry(Structure):
    pass


class mlpipe_catalog_parameter(Structure):
    pass


class mlpipe_stream(Structure):
    pass


mlpipe_value._fields_ = [
    ("num",
     c_double),
    ("str",
     c_char_p),
    ("len",
     c_int32),
    ("kind",
     c_int32),
]

mlpipe_error._fields_ = [
    ("status",
     c_int32),
    ("detail",
     c_int32),
    ("row",
     c_int64),
    ("column",
     c_char_p),
    ("where",
     c_char_p),
    ("text",
     c_char_p),
]

mlpipe_io_stat._fields_ = [
    ("size",
     c_uint64),
    ("mtime_ns",
     c_int64),
    ("is_dir",
     c_uint32),
    ("reserved",
     c_uint32),
]

mlpipe_io._fields_ = [
    ("size",
     c_size_t),
    ("user",
     c_void_p),
    ("open",
     CFUNCTYPE(c_int32, c_void_p, c_char_p, c_int32, POINTER(c_void_p))),
    ("read_at",
     CFUNCTYPE(c_int32, c_void_p, c_void_p, c_uint64, c_void_p, c_size_t, POINTER(c_size_t))),
    ("write",
     CFUNCTYPE(c_int32, c_void_p, c_void_p, c_void_p, c_size_t)),
    ("truncate",
     CFUNCTYPE(c_int32, c_void_p, c_void_p, c_uint64)),
    ("sync",
     CFUNCTYPE(c_int32, c_void_p, c_void_p)),
    ("close",
     CFUNCTYPE(c_int32, c_void_p, c_void_p)),
    ("stat",
     CFUNCTYPE(c_int32, c_void_p, c_char_p, POINTER(mlpipe_io_stat))),
    ("rename",
     CFUNCTYPE(c_int32, c_void_p, c_char_p, c_char_p)),
    ("remove",
     CFUNCTYPE(c_int32, c_void_p, c_char_p)),
    ("make_dir",
     CFUNCTYPE(c_int32, c_void_p, c_char_p)),
    ("sync_dir",
     CFUNCTYPE(c_int32, c_void_p, c_char_p)),
    ("list",
     CFUNCTYPE(c_int32, c_void_p, c_char_p, CFUNCTYPE(c_int32, c_void_p, c_char_p), c_void_p)),
    ("lock",
     CFUNCTYPE(c_int32, c_void_p, c_char_p, POINTER(c_void_p))),
    ("unlock",
     CFUNCTYPE(c_int32, c_void_p, c_void_p)),
    ("reserve",
     CFUNCTYPE(c_int32, c_void_p, c_void_p, c_uint64)),
]

mlpipe_limits._fields_ = [
    ("size",
     c_size_t),
    ("csv_line_bytes",
     c_uint64),
    ("csv_field_bytes",
     c_uint64),
    ("csv_columns",
     c_uint64),
    ("csv_rows",
     c_uint64),
    ("cell_bytes",
     c_uint64),
    ("categories",
     c_uint64),
    ("json_bytes",
     c_uint64),
    ("json_depth",
     c_uint64),
    ("json_nodes",
     c_uint64),
    ("json_key_bytes",
     c_uint64),
    ("expression_bytes",
     c_uint64),
    ("expression_depth",
     c_uint64),
    ("bundle_bytes",
     c_uint64),
    ("bundle_sections",
     c_uint64),
    ("trees",
     c_uint64),
    ("tree_nodes",
     c_uint64),
    ("features",
     c_uint64),
    ("classes",
     c_uint64),
    ("unpacked_bytes",
     c_uint64),
    ("unpacked_ratio",
     c_uint64),
    ("stream_bytes",
     c_uint64),
]

mlpipe_ctx_options._fields_ = [
    ("size",
     c_size_t),
    ("seed",
     c_uint64),
    ("threads",
     c_uint32),
    ("log_level",
     c_uint32),
    ("memory_cap",
     c_uint64),
    ("user",
     c_void_p),
    ("alloc",
     CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_size_t, c_size_t, c_size_t)),
    ("parallel",
     CFUNCTYPE(c_int32, c_void_p, CFUNCTYPE(None, c_void_p, c_uint32), c_void_p, c_uint32)),
    ("log",
     CFUNCTYPE(None, c_void_p, c_uint32, c_char_p, c_char_p)),
    ("progress",
     CFUNCTYPE(c_int32, c_void_p, c_char_p, c_double)),
    ("clock_ns",
     CFUNCTYPE(c_uint64, c_void_p)),
    ("entropy",
     CFUNCTYPE(c_int32, c_void_p, c_void_p, c_size_t)),
    ("io",
     POINTER(mlpipe_io)),
    ("limits",
     POINTER(mlpipe_limits)),
]

mlpipe_figure._fields_ = [
    ("value",
     c_double),
    ("low",
     c_double),
    ("high",
     c_double),
    ("n",
     c_double),
]

ArrowSchema._fields_ = [
    ("format",
     c_char_p),
    ("name",
     c_char_p),
    ("metadata",
     c_char_p),
    ("flags",
     c_int64),
    ("n_children",
     c_int64),
    ("children",
     POINTER(POINTER(ArrowSchema))),
    ("dictionary",
     POINTER(ArrowSchema)),
    ("release",
     CFUNCTYPE(None, POINTER(ArrowSchema))),
    ("private_data",
     c_void_p),
]

ArrowArray._fields_ = [
    ("length",
     c_int64),
    ("null_count",
     c_int64),
    ("offset",
     c_int64),
    ("n_buffers",
     c_int64),
    ("n_children",
     c_int64),
    ("buffers",
     POINTER(c_void_p)),
    ("children",
     POINTER(POINTER(ArrowArray))),
    ("dictionary",
     POINTER(ArrowArray)),
    ("release",
     CFUNCTYPE(None, POINTER(ArrowArray))),
    ("private_data",
     c_void_p),
]

ArrowArrayStream._fields_ = [
    ("get_schema",
     CFUNCTYPE(c_int32, POINTER(ArrowArrayStream), POINTER(ArrowSchema))),
    ("get_next",
     CFUNCTYPE(c_int32, POINTER(ArrowArrayStream), POINTER(ArrowArray))),
    ("get_last_error",
     CFUNCTYPE(c_char_p, POINTER(ArrowArrayStream))),
    ("release",
     CFUNCTYPE(None, POINTER(ArrowArrayStream))),
    ("private_data",
     c_void_p),
]

mlpipe_catalog_entry._fields_ = [
    ("name",
     c_char_p),
    ("doc",
     c_char_p),
    ("kind",
     c_int32),
    ("params",
     c_uint32),
]

mlpipe_catalog_parameter._fields_ = [
    ("name",
     c_char_p),
    ("doc",
     c_char_p),
    ("initial",
     c_char_p),
    ("choices",
     c_char_p),
    ("low",
     c_double),
    ("high",
     c_double),
    ("type",
     c_int32),
    ("since",
     c_uint32),
]

mlpipe_stream._fields_ = [
    ("size",
     c_size_t),
    ("user",
     c_void_p),
    ("name",
     c_char_p),
    ("read",
     CFUNCTYPE(c_int32, c_void_p, c_void_p, c_size_t, POINTER(c_size_t))),
]

SIZES = {
    "mlpipe_value": (24, {"num": 0, "str": 8, "len": 16, "kind": 20}),
    "mlpipe_error": (40, {"status": 0, "detail": 4, "row": 8, "column": 16, "where": 24, "text": 32}),
    "mlpipe_io_stat": (24, {"size": 0, "mtime_ns": 8, "is_dir": 16, "reserved": 20}),
    "mlpipe_io": (136, {"size": 0, "user": 8, "open": 16, "read_at": 24, "write": 32, "truncate": 40, "sync": 48, "close": 56, "stat": 64, "rename": 72, "remove": 80, "make_dir": 88, "sync_dir": 96, "list": 104, "lock": 112, "unlock": 120, "reserve": 128}),
    "mlpipe_limits": (176, {"size": 0, "csv_line_bytes": 8, "csv_field_bytes": 16, "csv_columns": 24, "csv_rows": 32, "cell_bytes": 40, "categories": 48, "json_bytes": 56, "json_depth": 64, "json_nodes": 72, "json_key_bytes": 80, "expression_bytes": 88, "expression_depth": 96, "bundle_bytes": 104, "bundle_sections": 112, "trees": 120, "tree_nodes": 128, "features": 136, "classes": 144, "unpacked_bytes": 152, "unpacked_ratio": 160, "stream_bytes": 168}),
    "mlpipe_ctx_options": (104, {"size": 0, "seed": 8, "threads": 16, "log_level": 20, "memory_cap": 24, "user": 32, "alloc": 40, "parallel": 48, "log": 56, "progress": 64, "clock_ns": 72, "entropy": 80, "io": 88, "limits": 96}),
    "mlpipe_figure": (32, {"value": 0, "low": 8, "high": 16, "n": 24}),
    "ArrowSchema": (72, {"format": 0, "name": 8, "metadata": 16, "flags": 24, "n_children": 32, "children": 40, "dictionary": 48, "release": 56, "private_data": 64}),
    "ArrowArray": (80, {"length": 0, "null_count": 8, "offset": 16, "n_buffers": 24, "n_children": 32, "buffers": 40, "children": 48, "dictionary": 56, "release": 64, "private_data": 72}),
    "ArrowArrayStream": (40, {"get_schema": 0, "get_next": 8, "get_last_error": 16, "release": 24, "private_data": 32}),
    "mlpipe_catalog_entry": (24, {"name": 0, "doc": 8, "kind": 16, "params": 20}),
    "mlpipe_catalog_parameter": (56, {"name": 0, "doc": 8, "initial": 16, "choices": 24, "low": 32, "high": 40, "type": 48, "since": 52}),
    "mlpipe_stream": (32, {"size": 0, "user": 8, "name": 16, "read": 24}),
}

FUNCTIONS = {
    "mlpipe_buffer_data": (c_char_p,
        [POINTER(mlpipe_buffer)]),
    "mlpipe_buffer_free": (None,
        [POINTER(mlpipe_buffer)]),
    "mlpipe_buffer_size": (c_size_t,
        [POINTER(mlpipe_buffer)]),
    "mlpipe_build_info": (c_char_p,
        []),
    "mlpipe_builder_append": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_builder), c_void_p, c_size_t]),
    "mlpipe_builder_column": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_builder), c_char_p, c_int32, c_void_p, POINTER(c_uint8), c_int64]),
    "mlpipe_builder_finish": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_builder), POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_builder_free": (None,
        [POINTER(mlpipe_builder)]),
    "mlpipe_builder_new": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_layout), c_char_p, POINTER(POINTER(mlpipe_builder))]),
    "mlpipe_builder_texts": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_builder), c_char_p, POINTER(c_char_p), c_int64]),
    "mlpipe_builder_times": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_builder), c_char_p, c_int32, POINTER(c_int64), POINTER(c_uint8), c_int64]),
    "mlpipe_catalog_count": (c_uint32,
        []),
    "mlpipe_catalog_get": (c_int32,
        [c_uint32, POINTER(mlpipe_catalog_entry)]),
    "mlpipe_catalog_param": (c_int32,
        [c_uint32, c_uint32, POINTER(mlpipe_catalog_parameter)]),
    "mlpipe_compare": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_model), POINTER(mlpipe_model), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_compare_recipes": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_pipeline), POINTER(mlpipe_pipeline), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_copula_fit": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_copula))]),
    "mlpipe_copula_free": (None,
        [POINTER(mlpipe_copula)]),
    "mlpipe_copula_notes": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_copula), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_copula_sample": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_copula), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_cross_validate": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_pipeline), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_csv_dialect": (c_int32,
        [POINTER(mlpipe_ctx), c_char_p, c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_csv_dialect_memory": (c_int32,
        [POINTER(mlpipe_ctx), c_void_p, c_size_t, c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_ctx_cancel": (None,
        [POINTER(mlpipe_ctx)]),
    "mlpipe_ctx_error": (POINTER(mlpipe_error),
        [POINTER(mlpipe_ctx)]),
    "mlpipe_ctx_free": (None,
        [POINTER(mlpipe_ctx)]),
    "mlpipe_ctx_memory": (None,
        [POINTER(mlpipe_ctx), POINTER(c_uint64), POINTER(c_uint64)]),
    "mlpipe_ctx_new": (c_int32,
        [POINTER(mlpipe_ctx_options), POINTER(POINTER(mlpipe_ctx))]),
    "mlpipe_cycle_audit": (c_int32,
        [POINTER(mlpipe_ctx), c_char_p, c_size_t, POINTER(c_uint64)]),
    "mlpipe_cycle_free": (None,
        [POINTER(mlpipe_cycle)]),
    "mlpipe_cycle_log": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_cycle), POINTER(POINTER(mlpipe_buffer))]),
    "mlpipe_cycle_new": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_monitor), POINTER(mlpipe_pipeline), c_char_p, POINTER(POINTER(mlpipe_cycle))]),
    "mlpipe_cycle_replay": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_pipeline), POINTER(mlpipe_model), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_buffer)), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_cycle_report": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_cycle), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_cycle_retrain": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_cycle)]),
    "mlpipe_cycle_tick": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_cycle), c_int64, POINTER(c_int32)]),
    "mlpipe_dataset_asof": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_dataset_cell": (c_int32,
        [POINTER(mlpipe_dataset), c_int64, c_uint32, POINTER(mlpipe_value)]),
    "mlpipe_dataset_columns": (c_uint32,
        [POINTER(mlpipe_dataset)]),
    "mlpipe_dataset_concat": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(POINTER(mlpipe_dataset)), c_size_t, c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_dataset_doubles": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_uint32, c_int64, POINTER(c_double), c_size_t]),
    "mlpipe_dataset_drift": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_dataset_duplicates": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_dataset_filter": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_dataset_find": (c_int32,
        [POINTER(mlpipe_dataset), c_char_p]),
    "mlpipe_dataset_fingerprint": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), POINTER(POINTER(mlpipe_buffer))]),
    "mlpipe_dataset_fold": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, c_uint32, POINTER(POINTER(mlpipe_dataset)), POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_dataset_free": (None,
        [POINTER(mlpipe_dataset)]),
    "mlpipe_dataset_from_arrow": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(ArrowSchema), POINTER(ArrowArray), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_dataset_from_arrow_stream": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(ArrowArrayStream), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_dataset_name": (c_char_p,
        [POINTER(mlpipe_dataset), c_uint32]),
    "mlpipe_dataset_nulls": (c_int64,
        [POINTER(mlpipe_dataset), c_uint32]),
    "mlpipe_dataset_profile": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_dataset_reading": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_dataset_role": (c_int32,
        [POINTER(mlpipe_dataset), c_uint32]),
    "mlpipe_dataset_row_id": (c_uint64,
        [POINTER(mlpipe_dataset), c_int64]),
    "mlpipe_dataset_rows": (c_int64,
        [POINTER(mlpipe_dataset)]),
    "mlpipe_dataset_sample": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_dataset_select": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_dataset_slice": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_int64, c_int64, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_dataset_sort": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_dataset_split": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_dataset)), c_size_t]),
    "mlpipe_dataset_to_arrow": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, POINTER(ArrowSchema), POINTER(ArrowArray)]),
    "mlpipe_dataset_to_arrow_stream": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, POINTER(ArrowArrayStream)]),
    "mlpipe_dataset_type": (c_int32,
        [POINTER(mlpipe_dataset), c_uint32]),
    "mlpipe_dataset_unit": (c_int32,
        [POINTER(mlpipe_dataset), c_uint32]),
    "mlpipe_dataset_with_column": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_detector_bytes": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_detector), POINTER(POINTER(mlpipe_buffer))]),
    "mlpipe_detector_free": (None,
        [POINTER(mlpipe_detector)]),
    "mlpipe_detector_get": (c_double,
        [POINTER(mlpipe_detector), c_char_p]),
    "mlpipe_detector_load_bytes": (c_int32,
        [POINTER(mlpipe_ctx), c_void_p, c_size_t, POINTER(POINTER(mlpipe_detector))]),
    "mlpipe_detector_new": (c_int32,
        [POINTER(mlpipe_ctx), c_char_p, c_char_p, POINTER(POINTER(mlpipe_detector))]),
    "mlpipe_detector_reset": (None,
        [POINTER(mlpipe_detector)]),
    "mlpipe_detector_update": (c_int32,
        [POINTER(mlpipe_detector), c_double]),
    "mlpipe_detector_update_batch": (c_uint64,
        [POINTER(mlpipe_detector), POINTER(c_double), c_uint64, POINTER(c_int32), POINTER(c_uint64)]),
    "mlpipe_evaluate": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_model), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_fit": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_pipeline), POINTER(mlpipe_dataset), POINTER(mlpipe_dataset), POINTER(POINTER(mlpipe_model))]),
    "mlpipe_importance": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_model), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_layout_absent": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_layout), c_char_p]),
    "mlpipe_layout_field": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_layout), c_char_p, c_int32, c_size_t]),
    "mlpipe_layout_free": (None,
        [POINTER(mlpipe_layout)]),
    "mlpipe_layout_missing": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_layout), c_char_p, c_double]),
    "mlpipe_layout_new": (c_int32,
        [POINTER(mlpipe_ctx), c_size_t, POINTER(POINTER(mlpipe_layout))]),
    "mlpipe_layout_token": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_layout), c_char_p, c_size_t, POINTER(c_uint32)]),
    "mlpipe_model_attach": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_model), POINTER(mlpipe_report), POINTER(POINTER(mlpipe_model))]),
    "mlpipe_model_bytes": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_model), POINTER(POINTER(mlpipe_buffer))]),
    "mlpipe_model_card": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_model), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_model_class": (c_char_p,
        [POINTER(mlpipe_model), c_uint32]),
    "mlpipe_model_explain": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_model), POINTER(POINTER(mlpipe_buffer))]),
    "mlpipe_model_free": (None,
        [POINTER(mlpipe_model)]),
    "mlpipe_model_id": (c_char_p,
        [POINTER(mlpipe_model)]),
    "mlpipe_model_input": (c_char_p,
        [POINTER(mlpipe_model), c_uint32]),
    "mlpipe_model_input_type": (c_int32,
        [POINTER(mlpipe_model), c_uint32]),
    "mlpipe_model_inputs": (c_uint32,
        [POINTER(mlpipe_model)]),
    "mlpipe_model_load": (c_int32,
        [POINTER(mlpipe_ctx), c_char_p, POINTER(POINTER(mlpipe_model))]),
    "mlpipe_model_load_bytes": (c_int32,
        [POINTER(mlpipe_ctx), c_void_p, c_size_t, POINTER(POINTER(mlpipe_model))]),
    "mlpipe_model_note": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_model), c_char_p, c_char_p, POINTER(POINTER(mlpipe_model))]),
    "mlpipe_model_output": (c_char_p,
        [POINTER(mlpipe_model), c_uint32]),
    "mlpipe_model_outputs": (c_uint32,
        [POINTER(mlpipe_model)]),
    "mlpipe_model_recipe": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_model), POINTER(POINTER(mlpipe_pipeline))]),
    "mlpipe_model_save": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_model), c_char_p]),
    "mlpipe_monitor_canary": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_monitor), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_monitor_captured": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_monitor), POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_monitor_free": (None,
        [POINTER(mlpipe_monitor)]),
    "mlpipe_monitor_new": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_slot), c_char_p, POINTER(POINTER(mlpipe_monitor))]),
    "mlpipe_monitor_report": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_monitor), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_monitor_tick": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_monitor), c_int64, POINTER(c_int32)]),
    "mlpipe_monitor_truth": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_monitor), c_uint64, c_int64, c_double]),
    "mlpipe_pipeline_add": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_pipeline), c_char_p, c_char_p]),
    "mlpipe_pipeline_check": (c_int32,
        [POINTER(mlpipe_ctx), c_char_p, c_size_t, POINTER(mlpipe_dataset), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_pipeline_derive": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_pipeline), c_char_p]),
    "mlpipe_pipeline_filter": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_pipeline), c_char_p]),
    "mlpipe_pipeline_fingerprint": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_pipeline), POINTER(POINTER(mlpipe_buffer))]),
    "mlpipe_pipeline_free": (None,
        [POINTER(mlpipe_pipeline)]),
    "mlpipe_pipeline_json": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_pipeline), POINTER(POINTER(mlpipe_buffer))]),
    "mlpipe_pipeline_new": (c_int32,
        [POINTER(mlpipe_ctx), c_char_p, POINTER(POINTER(mlpipe_pipeline))]),
    "mlpipe_pipeline_parse": (c_int32,
        [POINTER(mlpipe_ctx), c_char_p, c_size_t, POINTER(POINTER(mlpipe_pipeline))]),
    "mlpipe_predict": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_model), POINTER(mlpipe_dataset), POINTER(c_double), c_size_t]),
    "mlpipe_predict_row": (c_int32,
        [POINTER(mlpipe_predictor), c_void_p, c_void_p, POINTER(c_double)]),
    "mlpipe_predict_rows": (c_int32,
        [POINTER(mlpipe_predictor), c_void_p, c_void_p, c_size_t, c_size_t, POINTER(c_double)]),
    "mlpipe_predict_values": (c_int32,
        [POINTER(mlpipe_predictor), c_void_p, POINTER(mlpipe_value), POINTER(c_double)]),
    "mlpipe_predictor_code": (c_double,
        [POINTER(mlpipe_predictor), c_uint32, c_char_p, c_size_t]),
    "mlpipe_predictor_free": (None,
        [POINTER(mlpipe_predictor)]),
    "mlpipe_predictor_new": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_model), POINTER(mlpipe_layout), POINTER(POINTER(mlpipe_predictor))]),
    "mlpipe_predictor_scratch": (c_size_t,
        [POINTER(mlpipe_predictor)]),
    "mlpipe_read_csv": (c_int32,
        [POINTER(mlpipe_ctx), c_char_p, c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_read_csv_memory": (c_int32,
        [POINTER(mlpipe_ctx), c_void_p, c_size_t, c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_read_csv_stream": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_stream), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_read_json": (c_int32,
        [POINTER(mlpipe_ctx), c_char_p, c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_read_json_memory": (c_int32,
        [POINTER(mlpipe_ctx), c_void_p, c_size_t, c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_read_json_stream": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_stream), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_report_count": (c_uint32,
        [POINTER(mlpipe_report)]),
    "mlpipe_report_figure": (c_int32,
        [POINTER(mlpipe_report), c_uint32, POINTER(c_char_p), POINTER(mlpipe_figure)]),
    "mlpipe_report_free": (None,
        [POINTER(mlpipe_report)]),
    "mlpipe_report_get": (c_double,
        [POINTER(mlpipe_report), c_char_p]),
    "mlpipe_report_render": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_report), c_char_p, POINTER(POINTER(mlpipe_buffer))]),
    "mlpipe_report_table": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_report), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_report_table_name": (c_char_p,
        [POINTER(mlpipe_report), c_uint32]),
    "mlpipe_report_tables": (c_uint32,
        [POINTER(mlpipe_report)]),
    "mlpipe_report_text": (c_char_p,
        [POINTER(mlpipe_report), c_char_p]),
    "mlpipe_search": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_pipeline), POINTER(mlpipe_dataset), POINTER(mlpipe_dataset), c_char_p, c_char_p, POINTER(POINTER(mlpipe_pipeline)), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_slot_canary": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_slot), POINTER(mlpipe_model), c_double]),
    "mlpipe_slot_canary_version": (c_uint64,
        [POINTER(mlpipe_slot)]),
    "mlpipe_slot_drop": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_slot)]),
    "mlpipe_slot_free": (None,
        [POINTER(mlpipe_slot)]),
    "mlpipe_slot_model": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_slot), POINTER(POINTER(mlpipe_model))]),
    "mlpipe_slot_new": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_model), POINTER(mlpipe_layout), c_char_p, POINTER(POINTER(mlpipe_slot))]),
    "mlpipe_slot_promote": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_slot)]),
    "mlpipe_slot_reclaim": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_slot), POINTER(c_uint32)]),
    "mlpipe_slot_rollback": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_slot)]),
    "mlpipe_slot_swap": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_slot), POINTER(mlpipe_model)]),
    "mlpipe_slot_version": (c_uint64,
        [POINTER(mlpipe_slot)]),
    "mlpipe_source_csv": (c_int32,
        [POINTER(mlpipe_ctx), c_char_p, c_char_p, POINTER(POINTER(mlpipe_source))]),
    "mlpipe_source_free": (None,
        [POINTER(mlpipe_source)]),
    "mlpipe_source_json": (c_int32,
        [POINTER(mlpipe_ctx), c_char_p, c_char_p, POINTER(POINTER(mlpipe_source))]),
    "mlpipe_source_next": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_source), POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_source_reading": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_source), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_split_check": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(POINTER(mlpipe_dataset)), c_size_t, c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_status_name": (c_char_p,
        [c_int32]),
    "mlpipe_store_changed": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, POINTER(mlpipe_dataset), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_store_commit": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_buffer))]),
    "mlpipe_store_commit_model": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, POINTER(mlpipe_model), c_char_p, POINTER(POINTER(mlpipe_buffer))]),
    "mlpipe_store_diff": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, c_char_p, c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_store_free": (None,
        [POINTER(mlpipe_store)]),
    "mlpipe_store_gc": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_store_get_dataset": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_store_get_model": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, POINTER(POINTER(mlpipe_model))]),
    "mlpipe_store_get_pinned": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_store_get_report": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_store_history": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_store_lineage": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, POINTER(POINTER(mlpipe_report))]),
    "mlpipe_store_log": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_store_open": (c_int32,
        [POINTER(mlpipe_ctx), c_char_p, c_char_p, POINTER(POINTER(mlpipe_store))]),
    "mlpipe_store_pin": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, c_char_p]),
    "mlpipe_store_put_dataset": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, POINTER(mlpipe_dataset)]),
    "mlpipe_store_put_model": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, POINTER(mlpipe_model)]),
    "mlpipe_store_put_report": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, c_char_p, POINTER(mlpipe_report)]),
    "mlpipe_store_tag": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), c_char_p, c_char_p]),
    "mlpipe_store_verify": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_store), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_synth": (c_int32,
        [POINTER(mlpipe_ctx), c_char_p, c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_synth_dirty": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_dataset)), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_transform_apply": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_transform), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_dataset))]),
    "mlpipe_transform_bytes": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_transform), POINTER(POINTER(mlpipe_buffer))]),
    "mlpipe_transform_category": (c_char_p,
        [POINTER(mlpipe_transform), c_uint32, c_double]),
    "mlpipe_transform_explain": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_transform), POINTER(POINTER(mlpipe_buffer))]),
    "mlpipe_transform_fit": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_pipeline), POINTER(mlpipe_dataset), POINTER(POINTER(mlpipe_dataset)), POINTER(POINTER(mlpipe_transform))]),
    "mlpipe_transform_free": (None,
        [POINTER(mlpipe_transform)]),
    "mlpipe_transform_id": (c_char_p,
        [POINTER(mlpipe_transform)]),
    "mlpipe_transform_input": (c_char_p,
        [POINTER(mlpipe_transform), c_uint32]),
    "mlpipe_transform_inputs": (c_uint32,
        [POINTER(mlpipe_transform)]),
    "mlpipe_transform_load": (c_int32,
        [POINTER(mlpipe_ctx), c_char_p, POINTER(POINTER(mlpipe_transform))]),
    "mlpipe_transform_load_bytes": (c_int32,
        [POINTER(mlpipe_ctx), c_void_p, c_size_t, POINTER(POINTER(mlpipe_transform))]),
    "mlpipe_transform_notes": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_transform), POINTER(POINTER(mlpipe_report))]),
    "mlpipe_transform_output": (c_char_p,
        [POINTER(mlpipe_transform), c_uint32]),
    "mlpipe_transform_output_type": (c_int32,
        [POINTER(mlpipe_transform), c_uint32]),
    "mlpipe_transform_outputs": (c_uint32,
        [POINTER(mlpipe_transform)]),
    "mlpipe_transform_predictor": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_transform), POINTER(mlpipe_layout), POINTER(POINTER(mlpipe_predictor))]),
    "mlpipe_transform_recipe": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_transform), POINTER(POINTER(mlpipe_pipeline))]),
    "mlpipe_transform_save": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_transform), c_char_p]),
    "mlpipe_trigger_free": (None,
        [POINTER(mlpipe_trigger)]),
    "mlpipe_trigger_new": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_model), c_char_p, POINTER(POINTER(mlpipe_trigger))]),
    "mlpipe_trigger_test": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_trigger), POINTER(mlpipe_report), POINTER(c_int32)]),
    "mlpipe_version": (c_uint32,
        []),
    "mlpipe_worker_error": (c_char_p,
        [POINTER(mlpipe_worker)]),
    "mlpipe_worker_failed": (None,
        [POINTER(mlpipe_worker), c_int32]),
    "mlpipe_worker_flags": (c_uint32,
        [POINTER(mlpipe_worker)]),
    "mlpipe_worker_free": (None,
        [POINTER(mlpipe_worker)]),
    "mlpipe_worker_latency": (None,
        [POINTER(mlpipe_worker), c_uint64]),
    "mlpipe_worker_new": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_slot), POINTER(mlpipe_live), POINTER(POINTER(mlpipe_worker))]),
    "mlpipe_worker_predict": (c_int32,
        [POINTER(mlpipe_worker), c_uint64, c_int64, c_void_p, POINTER(c_double), c_size_t]),
    "mlpipe_worker_version": (c_uint64,
        [POINTER(mlpipe_worker)]),
    "mlpipe_write_csv": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, c_char_p]),
    "mlpipe_write_csv_memory": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_buffer))]),
    "mlpipe_write_json": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, c_char_p]),
    "mlpipe_write_json_memory": (c_int32,
        [POINTER(mlpipe_ctx), POINTER(mlpipe_dataset), c_char_p, POINTER(POINTER(mlpipe_buffer))]),
}


def declare(library: Any) -> Any:
    """Give each function of a loaded library its types."""
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library
