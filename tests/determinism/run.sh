#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds one driver with several compilers and optimisation levels and
# compares what they print: the hashes of each area must be the same.
#   tests/determinism/run.sh [folder for the builds]
# Ends with `N passed, N failed`, one for each build after the first.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:-$top/build/determinism}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$top"

# The folders whose code the areas run, and the areas themselves.
folders="lib/base lib/num lib/report lib/data lib/collect lib/program lib/clean
    lib/augment lib/feature lib/train lib/model lib/validate"
# shellcheck disable=SC2086
sources="$(find $folders tests/determinism -name '*.c' \
    ! -name os_none.c | sort)"
flags="-std=c11 -D_GNU_SOURCE -DNDEBUG -DMLPIPE_BLAS_NONE -w
    -DMLPIPE_BUILDING -ffp-contract=off -fno-math-errno -fno-strict-aliasing
    -Iinclude -Ilib -Itests/determinism
    $(pkg-config --cflags libcjson libxxhash)"

# name: compiler and options
variants() {
    echo "gcc-O2: gcc -O2 -fexcess-precision=standard"
    echo "gcc-O0: gcc -O0 -fexcess-precision=standard"
    echo "gcc-O3: gcc -O3 -fexcess-precision=standard"
    if grep -q avx2 /proc/cpuinfo && grep -q fma /proc/cpuinfo; then
        echo "gcc-O3-fma: gcc -O3 -mavx2 -mfma -fexcess-precision=standard"
    fi
    if command -v clang >/dev/null; then
        echo "clang-O0: clang -O0"
        echo "clang-O2: clang -O2"
        if grep -q avx2 /proc/cpuinfo && grep -q fma /proc/cpuinfo; then
            echo "clang-O3-fma: clang -O3 -mavx2 -mfma"
        fi
    fi
}

# Objects first, two at a time, and only those older than their source.
build() {
    dir=$out/$1
    mkdir -p "$dir"
    for source in $sources; do
        object=$dir/$(basename "$source" .c).o
        if [ ! -e "$object" ] || [ -n "$(find $folders \
            tests/determinism tests/program include -newer "$object" \
            \( -name '*.h' -o -path "$source" \) | head -1)" ]; then
            echo "$source"
        fi
    done > "$dir/stale"
    # shellcheck disable=SC2086
    xargs -P 2 -I {} sh -c 'source=$1
        shift
        exec "$@" -c "$source" -o "$0/$(basename "$source" .c).o"' \
        "$dir" {} $2 $flags < "$dir/stale"
    objects=
    for source in $sources; do
        objects="$objects $dir/$(basename "$source" .c).o"
    done
    # shellcheck disable=SC2046,SC2086
    $2 -o "$dir/driver" $objects $(pkg-config --libs libcjson) -pthread
}

passed=0
failed=0
first=
list=$out/variants
variants > "$list"
while IFS=: read -r name command; do
    build "$name" "$command"
    if ! "$out/$name/driver" > "$out/$name.txt"; then
        echo "not ok $name, which fails"
        failed=$((failed + 1))
        continue
    fi
    if [ -z "$first" ]; then
        first=$name
        cat "$out/$name.txt"
    elif cmp -s "$out/$first.txt" "$out/$name.txt"; then
        echo "ok $name"
        passed=$((passed + 1))
    else
        echo "not ok $name, which differs from $first in:"
        diff "$out/$first.txt" "$out/$name.txt" || true
        failed=$((failed + 1))
    fi
done < "$list"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
