#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What C++ refuses: refused.sh <folder of headers> ..., each case of
# refused.cpp by both compilers, with what the user is told.
set -euo pipefail
cd "$(dirname "$0")"
flags=()
for folder in "$@"; do
    flags+=("-I$folder")
done

# refused <compiler> <case> <words>
refused() {
    if said=$("$1" -std=c++17 -Wall -Wextra -Werror "${flags[@]}" \
        -fsyntax-only -DCASE="$2" refused.cpp 2>&1); then
        echo "refused.cpp: $1 takes case $2" >&2
        exit 1
    fi
    grep -q "error:.*$3" <<< "$said" || {
        printf 'refused.cpp: %s, case %s: not a word of "%s"\n%s\n' \
            "$1" "$2" "$3" "$(head -n 20 <<< "$said")" >&2
        exit 1
    }
}

missing='an argument is missing: nullptr where'
for cxx in g++ clang++; do
    "$cxx" -std=c++17 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror \
        "${flags[@]}" -fsyntax-only -DCASE=0 refused.cpp
    for lost in 1 2 3; do
        refused "$cxx" "$lost" 'nodiscard'
    done
    refused "$cxx" 4 'deleted'
    refused "$cxx" 5 'deleted'
    for case in 6 7 8 9 13; do
        refused "$cxx" "$case" "$missing"
    done
    for case in 10 11; do
        refused "$cxx" "$case" 'nullptr, not NULL or 0'
    done
    refused "$cxx" 12 'a whole number is wanted here'
    refused "$cxx" 14 'a token is a std::uint32_t'
    if said=$("$cxx" -std=c++14 "${flags[@]}" -fsyntax-only -DCASE=0 \
        refused.cpp 2>&1) || ! grep -q 'needs C++17' <<< "$said"; then
        echo "refused.cpp: $cxx does not ask for C++17" >&2
        exit 1
    fi
done
for case in 20 21; do
    refused clang++ "$case" 'Wdangling'
done
echo "refused.cpp: ok"
