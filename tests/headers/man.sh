#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The manual pages as those read them who print them: mandoc, groff and man
# have nothing to complain of. man calls groff for each page, which takes long:
# it reads a few, or all of them where MLPIPE_SWEEP_ALL is set.
set -u
cd "$(dirname "$0")/../../include/man" || exit 1
export LC_ALL=C.UTF-8 MANWIDTH=80
bad=0 missing=''
have() {
    command -v "$1" > /dev/null || {
        missing="$missing $1"
        return 1
    }
}
# What it says of the pages, if anything, is a failure.
quiet() {
    local said
    said=$("$@" 2>&1) && [ -z "$said" ] && return
    echo "$said" | head -n 20
    bad=1
}
one() {
    local page
    for page in "$@"; do
        man -l --warnings "$page" > /dev/null || echo "man: $page"
    done
}
pages=(man?/*.?)
few=(man3/mlpipe.3 man3/mlpipe_base.3 man3/mlpipe_evaluate.3
    man3/mlpipe_slot_canary.3 man7/*.7)
[ -z "${MLPIPE_SWEEP_ALL:-}" ] || few=("${pages[@]}")
if have mandoc; then quiet mandoc -Tlint "${pages[@]}"; fi
if have groff; then quiet groff -man -ww -Tutf8 -z "${pages[@]}"; fi
# That of man-db; others have no --warnings.
if man --version 2> /dev/null | grep -q '^man '; then
    quiet one "${few[@]}"
else
    missing="$missing man-db"
fi
echo "${#pages[@]} pages"
[ "$bad" -eq 0 ] || exit 1
[ -z "$missing" ] || {
    echo "not installed, not asked:$missing"
    exit 77
}
