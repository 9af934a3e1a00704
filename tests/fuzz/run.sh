#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fuzzing with libFuzzer, address and undefined-behaviour sanitizers:
#   tests/fuzz/run.sh SECONDS [name ...]
# builds into build/fuzz with clang and runs each target for SECONDS. New
# inputs go to build/fuzz/corpus/<name>, failing ones to build/fuzz/found.
set -u
seconds=${1:?usage: tests/fuzz/run.sh SECONDS [name ...]}
shift
cd "$(dirname "$0")/../.." || exit 1
dir=build/fuzz
if [ ! -f $dir/build.ninja ]; then
    CC=clang meson setup $dir --wrap-mode=nofallback -Dtests=true \
        -Dfuzz=true -Dexamples=false -Db_lundef=false \
        -Dbuildtype=debugoptimized -Ddefault_library=static || exit 1
fi
ninja -C $dir || exit 1
if [ $# -eq 0 ]; then
    for file in tests/fuzz/fuzz_*.c; do
        name=${file##*/fuzz_}
        [ "$name" = main.c ] || set -- "$@" "${name%.c}"
    done
fi
passed=0 failed=0
mkdir -p $dir/found
for name; do
    mkdir -p "$dir/corpus/$name"
    log=$dir/$name.log
    if "$dir/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=25 \
        -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$dir/found/$name-" \
        "$dir/corpus/$name" "tests/fuzz/corpus/$name" > "$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        echo "fuzz_$name: ok, $runs inputs"
        passed=$((passed + 1))
    else
        echo "fuzz_$name: FAILED"
        tail -n 40 "$log"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
