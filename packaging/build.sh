#!/usr/bin/env bash
# Builds the release and packs it: an archive, a .deb and, where rpmbuild is installed, an .rpm, with their checksums.
# Everything is made below the build folder; the last lines name what was made and how large it is.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-$HOME/.cache/switchboard/target}
export CARGO_TARGET_DIR=$target
out=$target/package
stage=$out/stage
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
machine=$(uname -m)
case $machine in
    x86_64) debian=amd64 ;;
    aarch64) debian=arm64 ;;
    *) echo "packages are made for x86_64 and aarch64, not for $machine" >&2; exit 1 ;;
esac
# one date for everything, so that the same commit gives the same bytes
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

# PROGRAM packs one that is built already
program=${PROGRAM:-$target/release/switchboard}
[ -n "${PROGRAM:-}" ] || cargo build --release --locked --package switchboard
rm -rf "$out"
mkdir -p "$stage"

# --- what every package holds
put() { install -D -m "$1" "$2" "$stage/$3"; }
put 755 "$program" usr/bin/switchboard
put 644 packaging/systemd/switchboard.service usr/lib/systemd/system/switchboard.service
put 644 README.md usr/share/doc/switchboard/README.md
put 644 LICENSE usr/share/doc/switchboard/copyright
put 644 <(gzip -9n < CHANGELOG.md) usr/share/doc/switchboard/changelog.gz
put 644 <("$program" completions bash) usr/share/bash-completion/completions/switchboard
put 644 <("$program" completions zsh) usr/share/zsh/site-functions/_switchboard
put 644 <("$program" completions fish) usr/share/fish/vendor_completions.d/switchboard.fish
put 644 <("$program" config show --default) etc/switchboard/switchboard.toml
mkdir -p "$stage/usr/share/man/man1"
"$program" man --out "$stage/usr/share/man/man1"
gzip -9n "$stage"/usr/share/man/man1/*.1
chmod 755 "$stage/etc/switchboard"
find "$stage" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

# --- an archive, for install.sh and other systems
name=switchboard-$version-$machine-linux
tar --create --gzip --file "$out/$name.tar.gz" --owner=0 --group=0 --sort=name \
    --mtime="@$SOURCE_DATE_EPOCH" --transform "s,^\.,$name," --directory "$stage" .

# --- a .deb
deb=$out/deb
cp -a "$stage" "$deb"
mkdir -p "$deb/DEBIAN"
# what the program is linked to says which C library it needs
needed=$(objdump -T "$program" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)
# packed relocations are unpacked since this one
if objdump -p "$program" | grep GLIBC_ABI_DT_RELR > /dev/null; then
    needed=$(printf '%s\nGLIBC_2.36\n' "$needed" | sort -V | tail -n 1)
fi
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$debian/" \
    -e "s/@SIZE_KIB@/$(du -sk "$stage" | cut -f1)/" \
    -e "s/@DEPENDS@/libc6 (>= ${needed#GLIBC_}), libgcc-s1, procps/" packaging/deb/control.in > "$deb/DEBIAN/control"
install -m 755 packaging/deb/{postinst,prerm,postrm} "$deb/DEBIAN/"
echo /etc/switchboard/switchboard.toml > "$deb/DEBIAN/conffiles"
(cd "$deb" && find usr etc -type f -print0 | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
dpkg-deb --root-owner-group --build "$deb" "$out/switchboard_${version}_$debian.deb" > /dev/null

# --- an .rpm
if command -v rpmbuild > /dev/null; then
    sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$machine/" -e "s,@STAGE@,$stage," \
        packaging/rpm/switchboard.spec.in > "$out/switchboard.spec"
    rpmbuild -bb --quiet --target "$machine" --define "_topdir $out/rpmbuild" \
        --define "_build_id_links none" "$out/switchboard.spec"
    mv "$out"/rpmbuild/RPMS/*/*.rpm "$out/"
else
    echo "no .rpm: rpmbuild is not installed" >&2
fi

rm -rf "$stage" "$deb" "$out/rpmbuild" "$out/switchboard.spec"
cd "$out"
sha256sum -- *.tar.gz *.deb $(ls -- *.rpm 2> /dev/null || true) > SHA256SUMS
echo "program: $(stat -c %s "$program") bytes"
ls -l --block-size=1 -- * | awk 'NR > 0 && NF > 8 { print $9 ": " $5 " bytes" }'
