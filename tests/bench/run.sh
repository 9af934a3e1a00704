#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Timings, side by side with peers where there are any; none decides a test.
#   tests/bench/run.sh [row|train]     both without an argument
# The machine is named first, since figures of another one are not comparable.
set -eu
cd "$(dirname "$0")/../.."
. examples/install_deps.sh
install_deps build tests
if [ ! -f build/bench/build.ninja ]; then
    meson setup build/bench -Dtests=true --wrap-mode=nofallback > /dev/null
fi
ninja -C build/bench > build/bench/build.log 2>&1 ||
    { tail -n 30 build/bench/build.log; exit 1; }

echo "machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)," \
    "$(nproc) cores, $(uname -m), load $(cut -d' ' -f1 /proc/loadavg)," \
    "OPENBLAS_CORETYPE=${OPENBLAS_CORETYPE-unset}"

row() {
    build/bench/tests/bench/bench_slot
    build/bench/tests/bench/bench_row
}

# Peers go into a virtual environment under the build folder.
train() {
    local env=build/bench-env
    if [ ! -x $env/bin/python ]; then
        /usr/bin/python3 -m venv $env
        $env/bin/pip install -q lightgbm scikit-learn pandas
    fi
    MLPIPE_LIBRARY=$PWD/build/bench/lib/libmlpipe.so.0 \
        PYTHONPATH=$PWD/bindings/python OMP_NUM_THREADS=1 \
        $env/bin/python tests/bench/train.py
}

case ${1:-all} in
row) row ;;
train) train ;;
all) row && train ;;
*) echo "areas: row train" >&2; exit 2 ;;
esac
