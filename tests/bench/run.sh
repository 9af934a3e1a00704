#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Ours beside the peers' current releases, one table an area:
#   tests/bench/run.sh [AREA]...          prints the tables
#   tests/bench/run.sh record [AREA]...   and puts them in RESULTS.md
# The areas are row, features, train, csv, data, models, detectors, monitor and
# python.
# `train` and `csv` need the real files (MLPIPE_TEST_DATA). No timing decides
# the exit status: only a crash, or that both did not do the same work.
set -u
cd "$(dirname "$0")/../.." || exit 1
record=no
if [ "${1:-}" = record ]; then
    record=yes
    shift
fi
[ $# -gt 0 ] || set -- row features train csv data models detectors \
    monitor python
if [ -z "${MLPIPE_TEST_DATA:-}" ] && [ -d ../shared/data ]; then
    MLPIPE_TEST_DATA=$(cd ../shared/data && pwd)
fi
. examples/install_deps.sh
install_deps build tests || exit 1

build=$PWD/build/bench
if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" --wrap-mode=nofallback -Dbuildtype=release \
        -Dtests=true -Dexamples=false > build/bench.setup 2>&1 ||
        meson setup "$build" -Dbuildtype=release -Dtests=true \
            -Dexamples=false > build/bench.setup 2>&1 ||
        { tail -n 30 build/bench.setup; exit 1; }
fi
ninja -C "$build" lib/libmlpipe.so.0.1.0 tests/bench/bench_slot \
    tests/bench/bench_row tests/bench/bench_predict \
    tests/bench/bench_join tests/bench/libbench_features.so \
    tests/bench/libbench_models.so > build/bench.build 2>&1 ||
    { tail -n 40 build/bench.build; exit 1; }
[ ! -f tests/bench/bench_monitor.c ] ||
    ninja -C "$build" tests/bench/bench_monitor >> build/bench.build 2>&1

peers=$PWD/build/peers
[ -x "$peers/bin/python" ] || /usr/bin/python3 -m venv "$peers" || exit 1
"$peers/bin/pip" install -q --disable-pip-version-check --upgrade \
    lightgbm scikit-learn pandas polars pyarrow imbalanced-learn numexpr \
    glum ||
    "$peers/bin/python" -c \
        'import lightgbm, sklearn, pandas, imblearn, numexpr' ||
    { echo "the peers cannot be installed"; exit 1; }

case " $* " in
*" data "*)
    "$peers/bin/pip" install -q --disable-pip-version-check dvc ||
        { echo "dvc cannot be installed"; exit 1; }
    ;;
esac

case " $* " in
*" detectors "*)
    "$peers/bin/pip" install -q --disable-pip-version-check 'river==0.26.*' ||
        { echo "river cannot be installed"; exit 1; }
    ;;
esac

case " $* " in
*" python "*)
    "$peers/bin/pip" install -q --disable-pip-version-check xgboost ||
        { echo "xgboost cannot be installed"; exit 1; }
    ;;
esac

# The monitors want other versions of pandas than each other and the rest have;
# one that cannot be installed is "not available" in the table.
case " $* " in
*" monitor "*)
    "$peers/bin/pip" install -q --disable-pip-version-check 'river==0.26.*' ||
        echo "river cannot be installed"
    for peer in evidently nannyml; do
        [ -x "$peers-$peer/bin/python" ] ||
            /usr/bin/python3 -m venv "$peers-$peer"
        "$peers-$peer/bin/pip" install -q --disable-pip-version-check \
            "$peer" 'pandas<3' || echo "$peer cannot be installed"
    done
    ;;
esac

export MLPIPE_LIBRARY=$build/lib/libmlpipe.so.0
export PYTHONPATH=$PWD/bindings/python PYTHONDONTWRITEBYTECODE=1
status=0
for area in "$@"; do
    table=build/bench-$area.md
    case $area in
    train | csv)
        if [ -z "${MLPIPE_TEST_DATA:-}" ]; then
            echo "$area: no MLPIPE_TEST_DATA, skipped"
            continue
        fi
        ;;
    esac
    ok=yes
    for core in unset Haswell; do
        (
            unset OPENBLAS_CORETYPE
            [ "$core" = unset ] || export OPENBLAS_CORETYPE=$core
            "$peers/bin/python" tests/bench/bench.py "$area" "$build" \
                "${MLPIPE_TEST_DATA:-}"
        ) || ok=no
    done > "$table"
    cat "$table"
    [ $ok = yes ] || { status=1; continue; }
    [ $record = no ] ||
        "$peers/bin/python" tests/bench/record.py "$area" "$table" || status=1
done
exit $status
