#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pytest in a virtual environment under the build folder; `run.sh install`
# makes that and ends.
set -eu
cd "$(dirname "$0")/../.."
env=$PWD/build/python-env
if [ ! -x "$env/bin/pytest" ]; then
    /usr/bin/python3 -m venv "$env"
    "$env/bin/pip" install -q pytest || {
        echo "pytest cannot be installed: no package index is reached"
        exit 77
    }
fi
# The peers that speak Arrow; without them their round trips are left out.
"$env/bin/python" -c 'import duckdb, pandas, polars, pyarrow' 2> /dev/null ||
    "$env/bin/pip" install -q duckdb pandas polars pyarrow ||
    echo "duckdb, pandas, polars or pyarrow cannot be installed:" \
        "tests/python/test_arrow.py is skipped"
# The peer of the detectors, of the version whose alarms they have.
"$env/bin/python" -c 'import river' 2> /dev/null ||
    "$env/bin/pip" install -q 'river==0.26.*' ||
    echo "river cannot be installed: test_river of" \
        "tests/python/test_detector.py is skipped"
"$env/bin/python" -c 'import mypy' 2> /dev/null ||
    "$env/bin/pip" install -q mypy ||
    echo "mypy cannot be installed:" \
        "two tests of tests/python/test_types.py are skipped"
"$env/bin/python" -c 'import prometheus_client' 2> /dev/null ||
    "$env/bin/pip" install -q prometheus_client ||
    echo "prometheus_client cannot be installed:" \
        "tests/python/test_prometheus.py is skipped"
"$env/bin/python" -c 'import sklearn' 2> /dev/null ||
    "$env/bin/pip" install -q scikit-learn ||
    echo "scikit-learn cannot be installed:" \
        "tests/python/test_sklearn.py is skipped"
[ "${1:-}" != install ] || exit 0
MLPIPE_LIBRARY=$PWD/build/tests/lib/libmlpipe.so.0 \
    PYTHONPATH=$PWD/bindings/python PYTHONDONTWRITEBYTECODE=1 \
    "$env/bin/pytest" -q -p no:cacheprovider tests/python
# As users install it: a wheel that brings the library. In the long run the
# library is built for it, else the tests' own is taken.
wheel=$PWD/build/python-wheel
rm -rf "$wheel"
/usr/bin/python3 -m venv --without-pip "$wheel"
library=$PWD/build/tests/lib/libmlpipe.so.0
[ -z "${MLPIPE_SWEEP_ALL:-}" ] || library=
MLPIPE_LIBRARY=$library "$env/bin/pip" --python "$wheel/bin/python" \
    install -q ./bindings/python
(cd / && VIRTUAL_ENV=$wheel "$wheel/bin/python" -c 'import mlpipe, os
assert os.path.dirname(mlpipe.__file__).startswith(os.environ["VIRTUAL_ENV"])
maps = open("/proc/self/maps").read()
assert os.path.dirname(mlpipe.__file__) + "/libmlpipe.so.0" in maps, maps
print("wheel: mlpipe", mlpipe.version())')
