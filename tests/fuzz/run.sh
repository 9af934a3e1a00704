#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fuzzing with libFuzzer, address and undefined-behaviour sanitizers:
#   tests/fuzz/run.sh SECONDS [name ...]     SECONDS 0 builds only
# builds into build/fuzz with clang and runs each target for SECONDS, two at a
# time where there are two cores. New inputs go to build/fuzz/corpus/<name>,
# failing ones to build/fuzz/found, what a target says to build/fuzz/<name>.log.
set -u
seconds=${1:?usage: tests/fuzz/run.sh SECONDS [name ...]}
shift
cd "$(dirname "$0")/../.." || exit 1
dir=build/fuzz
if [ ! -f $dir/build.ninja ]; then
    CC=clang meson setup $dir --wrap-mode=nofallback -Dtests=true \
        -Dfuzz=true -Dexamples=false -Db_lundef=false \
        -Dbuildtype=plain -Doptimization=2 -Dc_args=-g1 \
        -Ddefault_library=static || exit 1
fi
if [ $# -eq 0 ]; then
    for file in tests/fuzz/fuzz_*.c; do
        name=${file##*/fuzz_}
        [ "$name" = main.c ] || set -- "$@" "${name%.c}"
    done
fi
ninja -C $dir "${@/#/tests/fuzz/fuzz_}" || exit 1
[ "$seconds" != 0 ] || exit 0
lanes=$(nproc 2> /dev/null || echo 1)
[ "$lanes" -le 2 ] || lanes=2
passed=0 failed=0
names=("$@") pids=()
mkdir -p $dir/found
trap 'kill $(jobs -p) 2> /dev/null; exit 130' INT TERM

start() {
    mkdir -p "$dir/corpus/$1"
    "$dir/tests/fuzz/fuzz_$1" -max_total_time="$seconds" -timeout=25 \
        -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$dir/found/$1-" \
        "$dir/corpus/$1" "tests/fuzz/corpus/$1" > "$dir/$1.log" 2>&1 &
    pids+=($!)
}

# All take the same time, so that waiting for them in their order keeps every
# lane at work, and what is told of one stands together.
for ((at = 0; at < ${#names[@]}; at++)); do
    while [ ${#pids[@]} -lt ${#names[@]} ] &&
        [ ${#pids[@]} -lt $((at + lanes)) ]; do
        start "${names[${#pids[@]}]}"
    done
    name=${names[at]} log=$dir/${names[at]}.log
    if wait "${pids[at]}"; then
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
