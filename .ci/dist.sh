#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packs what a machine without Swift needs into .build/dist/lockstep-VERSION-linux-MACHINE.tar.gz.
set -euo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: .ci/dist.sh    (make dist calls it)"
    echo "  The command and the example digits with Swift's library inside, manual pages, completions, what launch/ holds, documents and"
    echo "  licences. It runs where Open MPI 4, OpenBLAS, zlib and a glibc as new as this machine's are; images are read by code that is"
    echo "  linked in, oneDNN is left out. The version tells the commit, with a + if something was changed since."
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=.build/dist
mkdir -p $build
commit=$(git rev-parse --short=12 HEAD 2> /dev/null || true)
[ -z "$commit" ] || git diff --quiet HEAD || commit=$commit+
export LOCKSTEP_COMMIT=$commit LOCKSTEP_NO_ONEDNN=1

for library in png jpeg; do
    if [ ! -f "$(cc -print-file-name=lib$library.a)" ]; then
        echo "dist: there is no lib$library.a here: images are left out" >&2
        export LOCKSTEP_NO_IMAGES=1
    fi
done
flags=(-c release --static-swift-stdlib --scratch-path "$build" --manifest-cache none)
for product in lockstep digits; do swift build "${flags[@]}" --product $product; done
built=$(swift build "${flags[@]}" --show-bin-path)
# ArgumentParser's own tool for manual pages.
parser=$build/checkouts/swift-argument-parser
swift build -c release --package-path "$parser" --scratch-path "$build/parser" --product generate-manual

version=$("$built/lockstep" --version)
version=${version%% *}
name=lockstep-$version-linux-$(uname -m)
root=$build/$name
rm -rf "$build"/lockstep-*
mkdir -p "$root"/{bin,share/man/man1,share/bash-completion/completions,share/zsh/site-functions,share/fish/vendor_completions.d} \
    "$root"/share/lockstep "$root"/share/doc/lockstep/licences
for program in lockstep digits; do
    install "$built/$program" "$root/bin/"
    strip "$root/bin/$program"
done
mv "$root/bin/digits" "$root/bin/lockstep-digits"
"$build/parser/release/generate-manual" "$root/bin/lockstep" --multi-page --output-directory "$root/share/man/man1" > /dev/null
"$root/bin/lockstep" --generate-completion-script bash > "$root/share/bash-completion/completions/lockstep"
"$root/bin/lockstep" --generate-completion-script zsh > "$root/share/zsh/site-functions/_lockstep"
"$root/bin/lockstep" --generate-completion-script fish > "$root/share/fish/vendor_completions.d/lockstep.fish"
cp -r launch "$root/share/lockstep/"
cp README.md LICENSE "$root/share/doc/lockstep/"
cp -r docs "$root/share/doc/lockstep/"
rm -rf "$root"/share/doc/lockstep/docs/examples/.build

# MARK: Licences of what is inside

licence() { [ ! -f "$2" ] || cp "$2" "$root/share/doc/lockstep/licences/$1"; }
for package in "$build"/checkouts/*; do licence "$(basename "$package")" "$(find "$package" -maxdepth 1 -iname 'LICENSE*' | head -n 1)"; done
licence swift "$(dirname "$(dirname "$(realpath "$(command -v swift)")")")/share/swift/LICENSE.txt"
for library in libpng-dev libjpeg62-turbo-dev libjpeg-turbo8-dev; do licence "${library%-dev}" "/usr/share/doc/$library/copyright"; done

newest=$(objdump -T "$root/bin/lockstep" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
cat > "$root/share/doc/lockstep/INSTALL" << END
Lockstep $("$root/bin/lockstep" --version), for Linux on $(uname -m)

Needs Open MPI 4 (mpirun), OpenBLAS, zlib, libstdc++ and ${newest/_/ } or newer. On Debian 12 or Ubuntu 22.04:
    apt install openmpi-bin libopenblas0-pthread zlib1g
Runs from where it is unpacked: bin/lockstep train digits --ranks 2
or below a prefix: cp -r bin share /usr/local/
END
tar -C $build --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct 2> /dev/null || date +%s)" \
    -cf - "$name" | gzip -9n > "$root.tar.gz"
echo "$root.tar.gz: $(du -h "$root.tar.gz" | cut -f1), needs ${newest/_/ }"
