#!/bin/sh
# Installs Switchboard from a release archive, or takes it out again.
#
#   install.sh [--version X.Y.Z] [--dir DIR] [--yes]        from the releases
#   install.sh --from FILE [--sums SHA256SUMS] [--yes]      from an archive at hand
#   install.sh --from URL [--yes]                           from an archive elsewhere, with SHA256SUMS beside it
#   install.sh --uninstall [--dir DIR] [--yes]              leaves nothing but your own files
#
# DIR is ~/.local, or /usr/local for root. Nothing else is touched, and no service is started.
set -eu

releases=https://github.com/switchboard-mcp/switchboard/releases
dir= from= sums= version= yes= uninstall=
fail() { echo "error: $1" >&2; [ -z "${2:-}" ] || echo "hint: $2" >&2; exit 1; }
value() { [ $# -ge 2 ] || fail "$1 wants a value" "install.sh --help"; }

while [ $# -gt 0 ]; do
	case $1 in
	--version) value "$@"; version=$2; shift ;;
	--dir) value "$@"; dir=$2; shift ;;
	--from) value "$@"; from=$2; shift ;;
	--sums) value "$@"; sums=$2; shift ;;
	--yes) yes=1 ;;
	--uninstall) uninstall=1 ;;
	--help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) fail "unknown option $1" "install.sh --help" ;;
	esac
	shift
done
[ -n "$dir" ] || { [ "$(id -u)" = 0 ] && dir=/usr/local || dir=$HOME/.local; }
list=$dir/share/switchboard/installed

agree() {
	[ -z "$yes" ] || return 0
	[ -t 0 ] || fail "nobody is there to agree" "add --yes"
	printf '%s [y/N] ' "$1"
	read -r answer
	case $answer in y | Y | yes) ;; *) fail "nothing was done" ;; esac
}

if [ -n "$uninstall" ]; then
	[ -f "$list" ] || fail "nothing was installed below $dir" "name the folder with --dir"
	agree "Take Switchboard out of $dir?"
	while read -r file; do rm -f "$dir/$file"; done < "$list"
	sort -r "$list.folders" | while read -r folder; do rmdir "$dir/$folder" 2> /dev/null || true; done
	rm -f "$list" "$list.folders"
	rmdir "$dir/share/switchboard" "$dir/share" 2> /dev/null || true
	echo "Switchboard is gone from $dir; your configuration is where it was."
	exit 0
fi

[ "$(uname -s)" = Linux ] || fail "archives are made for Linux only" "build it with: cargo install --path crates/switchboard"
case $(uname -m) in
x86_64 | aarch64) machine=$(uname -m) ;;
*) fail "archives are made for x86_64 and aarch64, not for $(uname -m)" ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# Over http only from this machine: everybody else could change the archive and its checksum on the way.
fetch() { curl -fsSL --proto "=https,file,$(loopback "$1")" --proto-redir '=https' -o "$work/$2" "$1"; }
loopback() { case $1 in http://127.0.0.1:* | http://localhost:*) echo http ;; *) echo https ;; esac; }
need_curl() { command -v curl > /dev/null || fail "curl is missing" "install it, or give an archive with --from"; }

case $from in
*://*)
	need_curl
	archive=${from##*/}
	fetch "$from" "$archive" || fail "could not fetch $from" "over https, from a file, or from this machine; nothing else is safe"
	fetch "${from%/*}/SHA256SUMS" SHA256SUMS || fail "there is no SHA256SUMS beside $from" "fetch both, then use --from and --sums"
	;;
?*)
	[ -f "$from" ] || fail "there is no archive at $from"
	archive=$(basename "$from")
	cp "$from" "$work/$archive"
	[ -z "$sums" ] || cp "$sums" "$work/SHA256SUMS"
	;;
*)
	need_curl
	[ -n "$version" ] || version=$(curl -fsSLI -o /dev/null -w '%{url_effective}' "$releases/latest" | sed 's,.*/v,,')
	archive=switchboard-$version-$machine-linux.tar.gz
	for file in "$archive" SHA256SUMS; do
		fetch "$releases/download/v$version/$file" "$file" ||
			fail "could not fetch $file of version $version" "see $releases for what there is"
	done
	;;
esac
if [ -f "$work/SHA256SUMS" ]; then
	(cd "$work" && grep " $archive\$" SHA256SUMS | sha256sum --check --status) ||
		fail "$archive is not what SHA256SUMS says" "fetch it again; do not use this one"
fi

tar -xzf "$work/$archive" -C "$work"
root=$work/${archive%.tar.gz}
[ -x "$root/usr/bin/switchboard" ] || fail "$archive holds no program"
"$root/usr/bin/switchboard" version > /dev/null || fail "the program does not run on this machine"
agree "Install $("$root/usr/bin/switchboard" version | head -n 1) into $dir?"

# the program, its manual and its completions: what stands below usr in the archive, but for the service
(cd "$root/usr" && find bin share -type f | sort) > "$work/files"
(cd "$root/usr" && find bin share -type d | sort) > "$work/wanted"
while read -r folder; do [ -d "$dir/$folder" ] || echo "$folder"; done < "$work/wanted" > "$work/folders"
while read -r file; do
	mkdir -p "$dir/$(dirname "$file")"
	# beside and then over it, so that a running program is not disturbed
	cp -p "$root/usr/$file" "$dir/$file.new"
	mv -f "$dir/$file.new" "$dir/$file"
done < "$work/files"
mkdir -p "$dir/share/switchboard"
[ -f "$list.folders" ] || cp "$work/folders" "$list.folders"
cp "$work/files" "$list"

echo "Installed into $dir:"
"$dir/bin/switchboard" version
case :$PATH: in *":$dir/bin:"*) ;; *) echo "hint: add $dir/bin to your PATH" ;; esac
echo "Next: switchboard init"
