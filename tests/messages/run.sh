#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Which calls of the fail helpers a test reaches and reads; see sites.py.
#   tests/messages/run.sh [texts]    texts: what people read, call by call
# Builds build/messages, where each error is recorded with its place, runs the
# unit tests there and compares with unreached.txt.
set -u
cd "$(dirname "$0")/../.." || exit 1
dir=build/messages
# Each call keeps an address of its own: nothing is merged or jumped to.
flags='-O1 -g1 -fno-optimize-sibling-calls -fno-crossjumping -fno-ipa-icf'
flags="$flags -fno-tree-tail-merge -fno-shrink-wrap"
if [ ! -f "$dir/build.ninja" ]; then
    meson setup "$dir" -Dtests=true -Dmessages=true -Dexamples=false \
        -Dbuildtype=plain -Ddefault_library=static -Dc_args="$flags" ||
        exit 1
fi
ninja -C "$dir" || exit 1
rm -f "$dir/said"
# What fails here fails in the other builds too, where it is counted.
MLPIPE_MESSAGES=$PWD/$dir/said meson test -C "$dir" --no-rebuild \
    --suite unit --timeout-multiplier 4
python3 tests/messages/sites.py "${1:-check}" "$dir/said"
