#!/bin/sh
# packages.sh NPM DIR: the packages of package-lock.json in DIR/node_modules, by their hashes. Says 77 where they cannot be
# fetched and are not there.
set -eu
npm=$1
dir=$2
here=$(dirname -- "$0")
mkdir -p "$dir"
if [ -d "$dir/node_modules" ] && cmp -s "$here/package-lock.json" "$dir/package-lock.json"; then exit 0; fi
cp "$here/package.json" "$here/package-lock.json" "$dir"
if "$npm" ci --prefix "$dir" --ignore-scripts --no-audit --no-fund --loglevel=error; then exit 0; fi
rm -rf "$dir/node_modules" "$dir/package-lock.json"
echo 'skipped: the packages cannot be fetched'
exit 77
