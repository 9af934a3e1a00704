#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every public header alone, as C99 to C17 and C++11 to C++20, with gcc and
# clang, without a warning.
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=0 count=0
warn='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror'
try() {
    count=$((count + 1))
    # The header stands in a file of its own: no "#pragma once" remarks, and
    # what it includes is what it needs.
    printf '#include <mlpipe/%s>\nextern int unused;\n' "$2" |
        $1 $warn -Iinclude -fsyntax-only - || {
        echo "$1: $2"
        bad=$((bad + 1))
    }
}
for header in include/mlpipe/*.h; do
    name=${header##*/}
    for std in c99 c11 c17; do
        try "gcc -xc -std=$std -Wstrict-prototypes" "$name"
        try "clang -xc -std=$std -Wstrict-prototypes" "$name"
    done
    for std in c++11 c++14 c++17 c++20; do
        try "g++ -xc++ -std=$std" "$name"
        try "clang++ -xc++ -std=$std" "$name"
    done
done
echo "$count compiled, $bad bad"
[ "$bad" -eq 0 ]
