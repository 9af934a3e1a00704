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
# It tells of no folder but those of the public headers.
said=$(pkg-config --cflags mlpipe | xargs)
[ "$said" = "-I$PWD/include -I$PWD/bindings/cpp" ] || {
    echo "mlpipe-uninstalled.pc: $said" >&2
    exit 1
}
g++ -std=c++17 -Wall -Werror -o "$root/uninstalled-program" \
    tests/consumer/program.cpp $(pkg-config --cflags --libs mlpipe)
LD_LIBRARY_PATH=$PWD/build/tests/lib "$root/uninstalled-mlpipe-serve" \
    "$root/tiny.mlpipe"
# C++ with exceptions and without, by both compilers.
unset PKG_CONFIG_PATH
cpp=$(dirname "$(dirname "$(find "$root/dest" -name mlpipe.hpp)")")
for cxx in g++ clang++; do
    for mode in '' '-fno-exceptions -fno-rtti'; do
        $cxx -std=c++17 -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
            -Werror $mode -o "$root/program" tests/consumer/program.cpp \
            -I"$cpp" -L"$lib" -lmlpipe
        LD_LIBRARY_PATH=$lib:/usr/lib/x86_64-linux-gnu/openblas-serial \
            "$root/program"
    done
    # One program of both modes, whatever half the linker meets first.
    $cxx -std=c++17 -O0 -I"$cpp" -c -o "$root/throws.o" \
        tests/consumer/modes/throws.cpp
    $cxx -std=c++17 -O0 -I"$cpp" -c -o "$root/results.o" -fno-exceptions \
        tests/consumer/modes/results.cpp
    for halves in 'throws.o results.o' 'results.o throws.o'; do
        (cd "$root" && $cxx -o modes $halves -L"$lib" -lmlpipe &&
            LD_LIBRARY_PATH=$lib:/usr/lib/x86_64-linux-gnu/openblas-serial \
                ./modes)
    done
done
bash tests/consumer/refused.sh "$cpp"
# Every type that has a free function has a handle.
for header in include/mlpipe/*.h; do
    grep -o 'mlpipe_[a-z_]*_free(' "$header" || true
done | sort -u | sed 's/mlpipe_\(.*\)_free(/MLPIPE_CPP_HANDLE(\1)/' |
    while read -r line; do
        grep -qF "$line" bindings/cpp/mlpipe/mlpipe.hpp || {
            echo "mlpipe.hpp: no line $line" >&2
            exit 1
        }
    done
# CMake finds what was installed.
cmake -S tests/consumer/cmake -B "$root/cmake" -DCMAKE_BUILD_TYPE=Release \
    -Dmlpipe_DIR="$lib/cmake/mlpipe" > "$root/cmake.log"
cmake --build "$root/cmake" >> "$root/cmake.log"
LD_LIBRARY_PATH=$lib:/usr/lib/x86_64-linux-gnu/openblas-serial \
    "$root/cmake/program"
LD_LIBRARY_PATH=$lib "$root/cmake/serves"
# A meson project has it as a subproject.
mkdir -p "$root/meson/subproject/subprojects/mlpipe"
cp tests/consumer/program.cpp tests/consumer/cmake/serves.cpp "$root/meson/"
cp tests/consumer/subproject/meson.build "$root/meson/subproject/"
cp -r meson.build meson_options.txt include lib bindings \
    "$root/meson/subproject/subprojects/mlpipe/"
for kind in shared static; do
    build=$root/meson/$kind
    meson setup "$build" "$root/meson/subproject" --buildtype debug \
        -Dmlpipe:blas=none -Dmlpipe:default_library=$kind \
        > "$root/meson-$kind.log"
    ninja -C "$build" program serves >> "$root/meson-$kind.log"
    "$build/program"
    "$build/serves"
    # Static is static.
    needed=$(readelf -d "$build/program" | grep -c 'libmlpipe' || true)
    [ "$needed" = "$([ $kind = shared ] && echo 1 || echo 0)" ] || {
        echo "subproject: $kind needs $needed libraries of mlpipe" >&2
        exit 1
    }
done
# Where it asks for it, every file is compiled as in a release: the flags tell,
# and that they compile the release build tells.
build=$root/meson/optimized
meson setup "$build" "$root/meson/subproject" --buildtype debug \
    -Dmlpipe:blas=none -Dmlpipe:optimized=true > "$root/meson-optimized.log"
grep '"command".*mlpipe/lib/' "$build/compile_commands.json" > "$build/lib"
slow=$(grep -vc -e '-O3 .*-DNDEBUG' -e '-DNDEBUG .*-O3' "$build/lib" || true)
[ -s "$build/lib" ] && [ "$slow" = 0 ] || {
    echo "subproject: $slow files are not optimized" >&2
    exit 1
}
echo "consumer: installed, linked, run"
