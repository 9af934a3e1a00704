#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From a fresh clone to house sales through the whole loop: installs what is
# missing (Debian, Ubuntu; elsewhere it prints the package names), builds, runs
# examples/houses.c. With an argument it takes that CSV file instead.
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
    meson setup build/quickstart --wrap-mode=nofallback \
        > build-setup.log 2>&1 ||
        meson setup build/quickstart > build-setup.log 2>&1 ||
        { tail -n 30 build-setup.log; exit 1; }
    mv build-setup.log build/quickstart/
fi
echo "building"
ninja -C build/quickstart | tail -n 1
mkdir -p build/quickstart/run
cd build/quickstart/run
rm -rf houses.store houses.mlpipe
exec ../examples/houses ${csv:+"$csv"}
