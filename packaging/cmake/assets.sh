#!/bin/sh
# assets.sh OUT FILE…: makes OUT/assets.S and OUT/assets_list.h; see Assets.cmake.
#
# In text files of ours each quoted link to another of them ("/assets/x.js", './x.js') gets ?v= and one hash over all files:
# whatever changes, every link is new, and modules that import each other never mix versions. The minified library and
# files that are no text are packed as they are.
set -eu
out=$1
shift
LC_ALL=C
export LC_ALL
rm -rf "$out/files"
mkdir -p "$out/files"

version=$(cat "$@" | sha256sum | cut -c1-12)

media_type() {
    case $1 in
    *.html) echo 'text/html; charset=utf-8' ;;
    *.js) echo 'text/javascript; charset=utf-8' ;;
    *.css) echo 'text/css; charset=utf-8' ;;
    *.svg) echo 'image/svg+xml' ;;
    *)
        echo "assets.sh: what is the media type of $1?" >&2
        exit 1
        ;;
    esac
}

size_of() {
    wc -c <"$1" | tr -d ' '
}

assembly=$out/assets.S.new
list=$out/assets_list.h.new
printf '.section .rodata\n' >"$assembly"
printf '/* Made by assets.sh: ASSET(symbol, path, type, etag, size, gzip_size) */\n#define ASSET_VERSION "%s"\n' "$version" >"$list"
printf '#define ASSET_LIST \\\n' >>"$list"

number=0
for file in "$@"; do
    name=${file##*/}
    type=$(media_type "$name")
    made=$out/files/$name
    case $name in
    *.min.js | *.svg) cp "$file" "$made" ;;
    *) sed "s#\\([\"']\\)\\(/assets/\\|\\./\\)\\([a-z0-9][a-z0-9.-]*\\.\\(js\\|css\\|svg\\)\\)\\1#\\1\\2\\3?v=$version\\1#g" "$file" >"$made" ;;
    esac
    gzip -9 -n -c "$made" >"$made.gz"
    size=$(size_of "$made")
    packed=$(size_of "$made.gz")
    if [ $((packed * 10)) -gt $((size * 9)) ]; then packed=0; fi # not worth it
    hash=$(sha256sum <"$made" | cut -c1-32)
    case $name in *.html) path=$name ;; *) path=/assets/$name ;; esac
    symbol=asset_$number
    number=$((number + 1))
    {
        printf '.balign 16\n.global %s\n.hidden %s\n%s:\n.incbin "%s"\n.byte 0\n' "$symbol" "$symbol" "$symbol" "$made"
        printf '.balign 16\n.global %s_gzip\n.hidden %s_gzip\n%s_gzip:\n' "$symbol" "$symbol" "$symbol"
        if [ "$packed" -gt 0 ]; then printf '.incbin "%s.gz"\n' "$made"; fi
        printf '.byte 0\n'
    } >>"$assembly"
    printf '    ASSET(%s, "%s", "%s", "\\"%s\\"", %s, %s) \\\n' \
        "$symbol" "$path" "$type" "$hash" "$size" "$packed" >>"$list"
done
printf '\n' >>"$list"
printf '.section .note.GNU-stack,"",%%progbits\n' >>"$assembly"
mv "$assembly" "$out/assets.S"
mv "$list" "$out/assets_list.h"
