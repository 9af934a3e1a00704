#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The library as its users meet it: installed, found by pkg-config, linked
# dynamically and statically; libmlpipe-serve alone; one task in the process
# after load, a one-thread fit and a predict (with the serial OpenBLAS).
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD/build/consumer
rm -rf "$root"
mkdir -p "$root"
meson install -C build/tests --no-rebuild --destdir "$root/dest" \
    > "$root/install.log"
pc=$(dirname "$(find "$root/dest" -name mlpipe.pc | head -n 1)")
export PKG_CONFIG_PATH=$pc PKG_CONFIG_SYSROOT_DIR=$root/dest
lib=$(dirname "$(find "$root/dest" -name libmlpipe.so.0 | head -n 1)")
cc -std=c99 -Wall -Werror -o "$root/tasks" tests/consumer/tasks.c \
    $(pkg-config --cflags mlpipe) -L"$lib" -lmlpipe
# The serial flavour first, should the machine have another one too.
(cd "$root" && LD_LIBRARY_PATH=$lib:/usr/lib/x86_64-linux-gnu/openblas-serial \
    ./tasks) | tee "$root/tasks.txt"
# The archive, with the libraries that its pkg-config file names.
cc -std=c99 -Wall -Werror -o "$root/tasks-static" tests/consumer/tasks.c \
    $(pkg-config --cflags mlpipe) "$lib/libmlpipe.a" \
    $(PKG_CONFIG_SYSROOT_DIR='' pkg-config --libs \
        $(pkg-config --print-requires-private mlpipe)) -pthread
(cd "$root" && LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu/openblas-serial \
    ./tasks-static) | cmp - "$root/tasks.txt"
cc -std=c11 -Wall -Werror -o "$root/serve" tests/consumer/serve.c \
    $(pkg-config --cflags mlpipe-serve) -L"$lib" -lmlpipe-serve
LD_LIBRARY_PATH=$lib "$root/serve" "$root/tiny.mlpipe" |
    tee "$root/serve.txt"
# The same bits from the small library as from the whole one.
grep '^f(5)' "$root/tasks.txt" | cmp - "$root/serve.txt"
# And from the build folder, before anything is installed.
unset PKG_CONFIG_SYSROOT_DIR
export PKG_CONFIG_PATH=$PWD/build/tests/meson-uninstalled
for name in mlpipe mlpipe-serve; do
    source=tests/consumer/serve.c
    [ $name = mlpipe-serve ] || source=tests/consumer/tasks.c
    cc -std=c11 -Wall -Werror -o "$root/uninstalled-$name" $source \
        $(pkg-config --cflags --libs $name)
done
LD_LIBRARY_PATH=$PWD/build/tests/lib "$root/uninstalled-mlpipe-serve" \
    "$root/tiny.mlpipe"
echo "consumer: installed, linked, run"
