#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The reference as HTML, in FOLDER/html: doxygen.sh [FOLDER=build/docs]. Fails
# where a public declaration is not documented, or a comment is wrong.
set -u
here=$(cd "$(dirname "$0")" && pwd)
out=$(realpath -m "${1:-$here/../../build/docs}")
command -v doxygen > /dev/null || {
    echo "doxygen is not installed: the headers' comments are not checked"
    exit 77
}
cd "$here/../.." && mkdir -p "$out" || exit 1
{
    cat tests/headers/Doxyfile
    echo "OUTPUT_DIRECTORY = $out"
} | doxygen - || exit 1
echo "$(find "$out/html" -name '*.html' | wc -l) pages: $out/html/index.html"
