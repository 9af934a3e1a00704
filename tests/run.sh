#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every test, ending with one line "N passed, N failed[, N skipped]".
#   tests/run.sh        what a change has to pass; about 14 minutes, two cores
#   tests/run.sh real   figures on real files: name value bar ok|short
#   tests/run.sh ci     every test and the figures
#   tests/run.sh long   longer fuzzing and soaks
# MLPIPE_TEST_DATA names the folder with the real files.
set -u
cd "$(dirname "$0")/.." || exit 1
what=${1:-all}
case $what in
all | real | long | ci) ;;
*)
    echo "tests/run.sh: $what is none of real, long and ci" >&2
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

# What follows; of what came before, how long it took.
began=0
say() {
    [ "$began" -eq 0 ] || printf '  %d s\n' $((SECONDS - began))
    began=$SECONDS
    printf '\n== %s\n' "$*"
}

# configure NAME [meson arguments]: a build folder, once.
configure() {
    local dir=build/$1 log=$out/$1.setup
    shift
    [ ! -f "$dir/build.ninja" ] || return 0
    meson setup "$dir" --wrap-mode=nofallback "$@" > "$log" 2>&1 ||
        meson setup "$dir" "$@" > "$log" 2>&1 ||
        { tail -n 30 "$log"; return 1; }
}

# compile NAME [suites as for meson test]: what their tests need, else all.
compile() {
    local dir=build/$1 log=$out/$1.build files=''
    shift
    [ $# -eq 0 ] || files=$(python3 tests/needs.py "$dir" "$@") || return 1
    # shellcheck disable=SC2086 # names of targets
    ninja -C "$dir" $files > "$log" 2>&1 || { tail -n 40 "$log"; return 1; }
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
    [ "$began" -eq 0 ] || printf '  %d s\n' $((SECONDS - began))
    [ ${#failures[@]} -eq 0 ] || printf 'failed: %s\n' "${failures[@]}"
    if [ "$skipped" -gt 0 ]; then
        echo "$passed passed, $failed failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ "$failed" -eq 0 ]
    exit
}

# ---- builds ----------------------------------------------------------------

# Those beside the release build hold what their tests run and no more; under
# sanitizers with the lines for their reports and nothing else of a debugger's,
# which would be a third of the work to compile and link. Neither -O1 nor unity
# pays: the tests run longer by more than that saves, and most of the time code
# is made, not read.
sanitized='-Dtests=true -Dbuildtype=plain -Doptimization=2 -Dc_args=-g1
    -Db_lundef=false -Ddefault_library=static'
suites_asan='--suite unit --suite fuzz --suite sweep'
suites_tsan='--suite concurrent'
suites_noblas='--suite unit --no-suite same-without'

# shellcheck disable=SC2086 # lists of words on purpose
prepare_asan() {
    configure asan $sanitized -Db_sanitize=address,undefined \
        -Dexamples=false &&
        compile asan $suites_asan
}

# shellcheck disable=SC2086
prepare_tsan() {
    configure tsan $sanitized -Db_sanitize=thread &&
        compile tsan $suites_tsan examples/trading
}

# shellcheck disable=SC2086
prepare_noblas() {
    configure noblas -Dtests=true -Dexamples=false -Dblas=none \
        -Dzlib=disabled -Dzstd=disabled -Ddefault_library=static &&
        compile noblas $suites_noblas
}

prepare_fuzz() { bash tests/fuzz/run.sh 0; }

prepare_python() { bash tests/python/run.sh install; }

# ahead NAME ...: prepares each in its turn, with what the tests leave of the
# cores. In a group of its own, so that it ends with us.
trap 'for group in $(jobs -rp); do kill -- "-$group"; done 2> /dev/null' EXIT
trap 'exit 130' INT TERM
ahead() {
    local name
    for name in "$@"; do rm -f "$out/$name.ready"; done
    set -m
    (
        renice -n 10 -p "$BASHPID" > /dev/null
        for name in "$@"; do
            "prepare_$name" > "$out/$name.ahead" 2>&1
            echo $? > "$out/$name.ends"
            mv "$out/$name.ends" "$out/$name.ready"
        done
    ) &
    set +m
}

# Waits until NAME is prepared; tells why where it is not to be had.
ready() {
    while [ ! -e "$out/$1.ready" ] && [ -n "$(jobs -r)" ]; do
        sleep 0.1
    done
    [ "$(cat "$out/$1.ready")" = 0 ] || { cat "$out/$1.ahead"; return 1; }
}

prepare_tests() { configure tests -Dtests=true && compile tests; }

figures() {
    if [ -z "$MLPIPE_TEST_DATA" ]; then
        echo "no MLPIPE_TEST_DATA: the real files are not there; skipped"
        skipped=$((skipped + 1))
    elif build/tests/tests/real/real "$MLPIPE_TEST_DATA"; then
        passed=$((passed + 1))
    else
        broken real
    fi
}

if [ "$what" = real ]; then
    if [ -z "$MLPIPE_TEST_DATA" ] || prepare_tests; then
        figures
    else
        broken build
    fi
    finish
fi

# ---- stages ----------------------------------------------------------------

say "release build: unit, lint, torture, corpora, examples"
[ -n "$MLPIPE_TEST_DATA" ] ||
    echo "MLPIPE_TEST_DATA is not set: tests on real files skip"
# Damaged bundles are the sanitizers' business, below.
sweep=--no-suite=sweep
[ "$what" != long ] || sweep=
ahead python
if prepare_tests; then
    ahead tsan asan noblas fuzz
    run_meson tests $sweep
else
    ahead tsan asan noblas fuzz
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

# These keep one core at work; the other one builds for what comes after.
say headers
run_one headers bash tests/headers/run.sh
say consumer
run_one consumer bash tests/consumer/run.sh
say python
ready python > /dev/null # else it tells itself, and goes on with what is there
run_one python bash tests/python/run.sh

if [ "$what" = ci ]; then
    say "figures on real files"
    figures
fi

say "thread sanitizer: what is concurrent"
if ready tsan; then
    run_meson tsan $suites_tsan --timeout-multiplier 4
    run_one tsan-trading bash -c 'cd build/test-results &&
        ../tsan/examples/trading > trading.tsan 2> trading.tsan.log &&
        cmp trading.tsan ../../tests/golden/trading.txt'
else
    broken tsan-build
fi

say "address and undefined-behaviour sanitizers"
if ready asan; then
    run_meson asan $suites_asan --timeout-multiplier 4
else
    broken asan-build
fi

say "without BLAS, zlib and zstd"
if ready noblas; then
    run_meson noblas $suites_noblas
else
    broken noblas-build
fi

say determinism
run_one determinism bash tests/determinism/run.sh

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
ready fuzz > /dev/null # else it tells itself
run_one fuzz bash tests/fuzz/run.sh "$seconds"
grep -E '^[a-z_]+: ' "$out/fuzz.log" | tail -n 20
finish
