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
MLPIPE_LIBRARY=$PWD/build/tests/lib/libmlpipe.so.0 \
    PYTHONPATH=$PWD/bindings/python PYTHONDONTWRITEBYTECODE=1 \
    "$env/bin/pytest" -q -p no:cacheprovider tests/python
