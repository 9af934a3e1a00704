# SPDX-License-Identifier: MIT
"""Moments and spans of Python's, pandas' and NumPy's as the library has them.
A moment is a whole number of microseconds since 1970-01-01 UTC; one without a
zone is UTC, as in a dataset."""
from __future__ import annotations

import datetime
from typing import Any, Optional

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MICROSECOND = datetime.timedelta(microseconds=1)
_SECOND = 1_000_000


def of_numpy(value: Any) -> Any:
    """A numpy.datetime64 or timedelta64 as a datetime or timedelta, others as
    they are; what is finer than a microsecond is cut off."""
    kind = type(value)
    if kind.__module__ != "numpy" or kind.__name__ not in ("datetime64",
                                                           "timedelta64"):
        return value
    moment = kind.__name__ == "datetime64"
    found = value.astype("M8[us]" if moment else "m8[us]").item()
    if found is None:
        raise ValueError("NaT is no time")
    return found


def is_time(value: Any) -> bool:
    """Is it a moment or a span of Python's? Those of pandas are, too."""
    return isinstance(value, (datetime.date, datetime.timedelta))


def _known(value: Any) -> Any:
    if value != value:  # pandas.NaT is a datetime as well
        raise ValueError("NaT is no time")
    return value


def microseconds(value: Any) -> Optional[int]:
    """A datetime or a date as microseconds since 1970; None where it is
    neither."""
    value = of_numpy(value)
    if isinstance(value, datetime.datetime):
        if _known(value).tzinfo is None:
            value = value.replace(tzinfo=datetime.timezone.utc)
        return int((value - _EPOCH) // _MICROSECOND)
    if isinstance(value, datetime.date):
        days = (value - _EPOCH.date()).days
        return days * 86400 * _SECOND
    return None


def text(value: Any) -> str:
    """A moment as "2015-02-01T10:00:00Z", a span as "86400 s"."""
    if isinstance(value, datetime.timedelta):
        span = int(_known(value) // _MICROSECOND)
        return (f"{span} us" if span % _SECOND else f"{span // _SECOND} s")
    if not isinstance(value, datetime.datetime):
        return str(value.isoformat())
    if _known(value).tzinfo is None:
        value = value.replace(tzinfo=datetime.timezone.utc)
    value = value.astimezone(datetime.timezone.utc)
    end = f".{value.microsecond:06}" if value.microsecond else ""
    return str(value.strftime("%Y-%m-%dT%H:%M:%S") + end + "Z")
