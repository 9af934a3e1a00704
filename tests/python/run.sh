#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pytest in a virtual environment under the build folder.
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
"$env/bin/python" -c 'import prometheus_client' 2> /dev/null ||
    "$env/bin/pip" install -q prometheus_client ||
    echo "prometheus_client cannot be installed:" \
        "tests/python/test_prometheus.py is skipped"
MLPIPE_LIBRARY=$PWD/build/tests/lib/libmlpipe.so.0 \
    PYTHONPATH=$PWD/bindings/python PYTHONDONTWRITEBYTECODE=1 \
    "$env/bin/pytest" -q -p no:cacheprovider tests/python
