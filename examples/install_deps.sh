# SPDX-License-Identifier: MIT
# Sourced by the scripts that build: install_deps SET ... makes sure that the
# Debian packages of the sets `build` and `tests` are there. As root or with
# sudo it installs what is missing; elsewhere it names it and fails.
#
#     . examples/install_deps.sh
#     install_deps build tests || exit 1

install_deps_names() {
    case $1 in
    build)
        echo gcc libc6-dev meson pkg-config libopenblas-serial-dev \
            liblapacke-dev libcjson-dev libxxhash-dev
        ;;
    tests)
        # zlib and zstd are optional parts of the library, all tested.
        echo libcmocka-dev g++ clang libclang-rt-14-dev python3-venv \
            zlib1g-dev libzstd-dev cmake
        # The reference: HTML and manual pages.
        echo doxygen groff-base man-db mandoc
        ;;
    *)
        echo "install_deps: no set $1; there are build and tests" >&2
        return 1
        ;;
    esac
}

# Those of the packages that are not there. On a system without dpkg all are
# looked for by what they bring.
install_deps_missing() {
    local package
    for package in "$@"; do
        if command -v dpkg-query > /dev/null; then
            dpkg-query -W -f '${Status}\n' "$package" 2> /dev/null |
                grep -q '^install ok installed$' || echo "$package"
        else
            install_deps_found "$package" || echo "$package"
        fi
    done
}

install_deps_found() {
    case $1 in
    gcc | g++ | meson | clang | cmake | doxygen | mandoc) command -v "$1" ;;
    groff-base) command -v groff ;;
    man-db) command -v man ;;
    libc6-dev | python3-venv | libclang-rt-*) true ;;
    pkg-config) command -v pkg-config || command -v pkgconf ;;
    libopenblas-serial-dev) pkg-config --exists openblas ;;
    liblapacke-dev) pkg-config --exists lapacke ;;
    libcjson-dev) pkg-config --exists libcjson ;;
    libxxhash-dev) pkg-config --exists libxxhash ;;
    libcmocka-dev) pkg-config --exists cmocka ;;
    zlib1g-dev) pkg-config --exists zlib ;;
    libzstd-dev) pkg-config --exists libzstd ;;
    esac > /dev/null 2>&1
}

install_deps() {
    local set names all='' missing as=''
    for set in "$@"; do
        names=$(install_deps_names "$set") || return 1
        all="$all $names"
    done
    # shellcheck disable=SC2086  # a list of words on purpose, here and below
    missing=$(install_deps_missing $all)
    [ -n "$missing" ] || return 0
    missing=$(echo $missing)
    if [ "$(id -u)" -ne 0 ]; then
        as=sudo
    fi
    if ! command -v apt-get > /dev/null ||
        { [ -n "$as" ] && ! sudo -n true 2> /dev/null; }; then
        echo "missing packages (names as in Debian 12): $missing" >&2
        echo "install them, for example as root with: apt-get install" \
            "--no-install-recommends $missing" >&2
        return 1
    fi
    echo "installing: $missing" >&2
    $as apt-get update > /dev/null &&
        $as env DEBIAN_FRONTEND=noninteractive apt-get install -y \
            --no-install-recommends $missing > /dev/null ||
        {
            echo "could not install: $missing" >&2
            return 1
        }
}
