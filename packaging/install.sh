#!/bin/sh
# Installs the granary program: downloads the archive of this platform, verifies its checksum, and puts the one
# file into a folder of yours. Needs curl or wget, tar, and sha256sum or shasum; never root.
#
#   sh install.sh [--dir FOLDER] [--from ADDRESS] [--overwrite]
set -eu

version='@VERSION@'
from='@RELEASES@'
dir="${XDG_BIN_HOME:-${HOME:-}/.local/bin}"
overwrite=no

say() { printf '%s\n' "install: $*" >&2; }
fail() {
  say "$*"
  exit 1
}
usage() {
  cat <<EOF
Installs granary $version.

  --dir FOLDER     where the program is put (default: $dir)
  --from ADDRESS   where its archives and SHA256SUMS lie: https://… or a folder (default: ${from:-none})
  --overwrite      replace a granary that is there
EOF
}

while [ $# -gt 0 ]; do
  case "$1" in
    --dir | --from)
      [ $# -ge 2 ] && [ -n "$2" ] || fail "$1: a value is missing"
      if [ "$1" = --dir ]; then dir=$2; else from=$2; fi
      shift 2
      ;;
    --overwrite)
      overwrite=yes
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) fail "$1: no such option (see --help)" ;;
  esac
done

case "$(uname -s)/$(uname -m)" in
  Linux/x86_64 | Linux/amd64) target=linux-x64 ;;
  Linux/aarch64 | Linux/arm64) target=linux-arm64 ;;
  Darwin/arm64) target=darwin-arm64 ;;
  *) fail "$(uname -s) on $(uname -m): there is no binary for it (there are linux-x64, linux-arm64 and darwin-arm64)" ;;
esac
case "$dir" in
  /*) ;;
  /.local/bin | '') fail "HOME is not set: name a folder with --dir" ;;
  *) dir=$(pwd)/$dir ;;
esac
[ -n "$from" ] || fail "name where the archives lie with --from"
if [ -e "$dir/granary" ] && [ "$overwrite" = no ]; then
  fail "$dir/granary is there already (--overwrite replaces it, --dir names another folder)"
fi

if command -v sha256sum >/dev/null 2>&1; then
  sum_of() { sha256sum "$1" | cut -d ' ' -f 1; }
elif command -v shasum >/dev/null 2>&1; then
  sum_of() { shasum -a 256 "$1" | cut -d ' ' -f 1; }
else
  fail "neither sha256sum nor shasum is here: the download could not be verified"
fi
get() {
  case "$from" in
    http://* | https://*)
      if command -v curl >/dev/null 2>&1; then
        curl -fsSL --retry 3 -o "$2" "${from%/}/$1"
      elif command -v wget >/dev/null 2>&1; then
        wget -q -O "$2" "${from%/}/$1"
      else
        fail "neither curl nor wget is here"
      fi
      ;;
    *) cp "$from/$1" "$2" ;;
  esac || fail "${from%/}/$1: could not be read"
}

name=granary-$version-$target
archive=$name.tar.gz
mkdir -p "$dir" || fail "$dir: cannot be made (--dir names another folder)"
# In the folder itself: the program appears there whole, by a rename.
work=$(mktemp -d "$dir/.granary-install.XXXXXX") || fail "$dir: cannot be written to (--dir names another folder)"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

get SHA256SUMS "$work/SHA256SUMS"
wanted=$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]$archive\$/\1/p" "$work/SHA256SUMS")
[ -n "$wanted" ] || fail "SHA256SUMS does not name $archive"
say "$archive"
get "$archive" "$work/$archive"
found=$(sum_of "$work/$archive")
[ "$found" = "$wanted" ] || fail "$archive: its SHA-256 is $found, wanted $wanted (nothing was installed)"
tar -xzf "$work/$archive" -C "$work" "$name/granary"
told=$("$work/$name/granary" --version 2>&1) ||
  fail "the program does not start here: $told (it needs glibc 2.25 and libstdc++ of GCC 6.1 or later)"
mv -f "$work/$name/granary" "$dir/granary"
say "$told is $dir/granary"
case ":${PATH:-}:" in
  *":$dir:"*) ;;
  *) say "$dir is not in PATH; for this shell and the next: export PATH=\"$dir:\$PATH\"" ;;
esac
