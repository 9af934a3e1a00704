#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every test, ending with one line "N passed, N failed[, N skipped]".
#   tests/run.sh        what a change has to pass; 15 to 20 minutes, two cores
#   tests/run.sh real   figures on real files: name value bar ok|short
#   tests/run.sh long   longer fuzzing and soaks
# MLPIPE_TEST_DATA names the folder with the real files.
set -u
cd "$(dirname "$0")/.." || exit 1
what=${1:-all}
case $what in
all | real | long) ;;
*)
    echo "tests/run.sh: $what is none of real and long" >&2
    exit 2
    ;;
esac
out=build/test-results
mkdir -p "$out"
if [ -z "${MLPIPE_TEST_DATA:-}" ] && [ -d ../shared/data ]; then
    MLPIPE_TEST_DATA=$(cd ../shared/data && pwd)
fi
export MLPIPE_TEST_DATA=${MLPIPE_TEST_DATA:-}
[ "$what" != long ] || export MLPIPE_SWEEP_ALL=1
. examples/install_deps.sh
install_deps build tests || exit 1

passed=0 failed=0 skipped=0
failures=()

say() { printf '\n== %s\n' "$*"; }

# Configure (once) and build a folder: build_in NAME [meson arguments].
build_in() {
    local dir=build/$1
    shift
    if [ ! -f "$dir/build.ninja" ]; then
        meson setup "$dir" --wrap-mode=nofallback "$@" \
            > "$out/${dir##*/}.setup" 2>&1 ||
            meson setup "$dir" "$@" > "$out/${dir##*/}.setup" 2>&1 ||
            { tail -n 30 "$out/${dir##*/}.setup"; return 1; }
    fi
    ninja -C "$dir" > "$out/${dir##*/}.build" 2>&1 ||
        { tail -n 40 "$out/${dir##*/}.build"; return 1; }
}

# What the parts of the sweep of damaged bundles found, added up.
sweep_counts() {
    awk '/^sweep .*damaged: / { parts++; damaged += $4 }
        /^sweep .*repaired: / { refused += $4; clean += $6 }
        END {
            if (parts)
                print "  bundles, damaged: " damaged " refused, 0 loaded;" \
                    " with hashes repaired: " refused " refused, " clean \
                    " gave 16 clean predictions"
        }' "$1" 2> /dev/null
}

# Run the meson tests of a build folder and add up what they say.
run_meson() {
    local dir=build/$1 label=$1 counts
    shift
    rm -f "$dir"/meson-logs/testlog.* # or an older run would be counted
    meson test -C "$dir" --no-rebuild "$@" > "$out/$label.log" 2>&1
    counts=$(python3 tests/count.py "$dir/meson-logs/testlog.json") ||
        counts='0 1 0'
    [ "$counts" != '0 0 0' ] || counts='0 1 0' # nothing ran
    echo "$label: $counts (passed failed skipped)"
    sweep_counts "$dir/meson-logs/testlog.txt"
    set -- $counts
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
    if [ "$2" -gt 0 ]; then
        failures+=("$label")
        grep -E '^ *[0-9]+/[0-9]+ .*(FAIL|ERROR|TIMEOUT)' "$out/$label.log"
        python3 tests/count.py --why "$dir/meson-logs/testlog.json"
    fi
}

# Run one command as one test.
run_one() {
    local label=$1
    shift
    if "$@" > "$out/$label.log" 2>&1; then
        echo "$label: ok"
        passed=$((passed + 1))
    elif [ $? -eq 77 ]; then
        echo "$label: skipped: $(tail -n 1 "$out/$label.log")"
        skipped=$((skipped + 1))
    else
        echo "$label: FAILED"
        tail -n 30 "$out/$label.log"
        failed=$((failed + 1))
        failures+=("$label")
    fi
}

broken() {
    failed=$((failed + 1))
    failures+=("$1")
}

finish() {
    [ ${#failures[@]} -eq 0 ] || printf 'failed: %s\n' "${failures[@]}"
    if [ "$skipped" -gt 0 ]; then
        echo "$passed passed, $failed failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ "$failed" -eq 0 ]
    exit
}

if [ "$what" = real ]; then
    if [ -z "$MLPIPE_TEST_DATA" ]; then
        echo "no MLPIPE_TEST_DATA: the real files are not there; skipped"
        skipped=1
        finish
    fi
    build_in tests -Dtests=true || { broken build; finish; }
    if build/tests/tests/real/real "$MLPIPE_TEST_DATA"; then
        passed=1
    else
        broken real
    fi
    finish
fi

say "release build: unit, lint, torture, corpora, examples"
[ -n "$MLPIPE_TEST_DATA" ] ||
    echo "MLPIPE_TEST_DATA is not set: tests on real files skip"
# Damaged bundles are the sanitizers' business, below.
sweep=--no-suite=sweep
[ "$what" != long ] || sweep=
if build_in tests -Dtests=true; then
    run_meson tests $sweep
else
    broken build
fi

say "API lock and documentation, examples"
run_one abi python3 tests/abi/lock.py check
run_one examples bash -c 'cd build/test-results &&
    rm -rf houses.store && ../tests/examples/houses > houses.txt &&
    grep -q "the challenger serves" houses.txt && ../tests/examples/row &&
    ../tests/examples/embed && ../tests/examples/steps gbt &&
    ../tests/examples/steps Bucket &&
    ! ../tests/examples/steps nosuch &&
    ../tests/examples/seed | cmp - ../../tests/golden/seed.txt &&
    ../tests/examples/trading > trading.txt 2> trading.times &&
    cmp trading.txt ../../tests/golden/trading.txt'

say "address and undefined-behaviour sanitizers"
if build_in asan -Dtests=true -Db_sanitize=address,undefined \
    -Db_lundef=false -Dbuildtype=debugoptimized -Ddefault_library=static; then
    run_meson asan --suite unit --suite fuzz --suite sweep \
        --timeout-multiplier 4
else
    broken asan-build
fi

say "thread sanitizer: what is concurrent"
if build_in tsan -Dtests=true -Db_sanitize=thread -Db_lundef=false \
    -Dbuildtype=debugoptimized -Ddefault_library=static; then
    run_meson tsan --suite concurrent --timeout-multiplier 4
    run_one tsan-trading bash -c 'cd build/test-results &&
        ../tsan/examples/trading > trading.tsan 2> trading.tsan.log &&
        cmp trading.tsan ../../tests/golden/trading.txt'
else
    broken tsan-build
fi

say "without BLAS, zlib and zstd"
if build_in noblas -Dtests=true -Dblas=none -Dzlib=disabled -Dzstd=disabled \
    -Dexamples=false; then
    run_meson noblas --suite unit --no-suite same-without
else
    broken noblas-build
fi

for script in tests/headers/run.sh tests/determinism/run.sh \
    tests/consumer/run.sh tests/python/run.sh; do
    name=$(basename "$(dirname "$script")")
    say "$name"
    run_one "$name" bash "$script"
done

if [ "$what" = long ]; then
    say "messages: every call that tells of an error is read by a test"
    run_one messages bash tests/messages/run.sh
    tail -n 1 "$out/messages.log"
    say "store: four writers and gc, 30 s"
    run_one store_soak env MLPIPE_SOAK_SECONDS=30 \
        build/tests/tests/test_store_writers
fi

seconds=15
[ "$what" = long ] && seconds=600
say "fuzzing, $seconds s a target"
run_one fuzz bash tests/fuzz/run.sh "$seconds"
grep -E '^[a-z_]+: ' "$out/fuzz.log" | tail -n 20
finish
