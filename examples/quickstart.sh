#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From a fresh clone to house sales through the whole loop: installs what is
# missing (Debian, Ubuntu; elsewhere it prints the package names), builds, runs
# examples/04_houses.c. With an argument it takes that CSV file instead.
set -eu
cd "$(dirname "$0")/.."
case "${1:-}" in
    ''|/*) csv=${1:-} ;;
    *) csv=$OLDPWD/$1 ;;
esac
. examples/install_deps.sh
install_deps build
if [ ! -f build/quickstart/build.ninja ]; then
    echo "configuring build/quickstart"
    mkdir -p build
    log=build/quickstart-setup.log
    meson setup build/quickstart --wrap-mode=nofallback > $log 2>&1 ||
        meson setup build/quickstart > $log 2>&1 ||
        { tail -n 30 $log; exit 1; }
fi
echo "building"
ninja -C build/quickstart | tail -n 1
mkdir -p build/quickstart/run
cd build/quickstart/run
rm -rf houses.store houses.mlpipe
exec ../examples/houses ${csv:+"$csv"}
