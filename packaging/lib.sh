# shellcheck shell=bash
# What the scripts of this folder share: where things are, how they speak, where they keep a log, how they build.
# Sourced, never run. The caller sets `set -euo pipefail`.

packaging=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
root=$(dirname -- "$packaging")
me=packaging/${0##*/}

# Steps go to fd 3, so that a script whose stdout is somebody's data can point them elsewhere.
exec 3>&1

say() { # say STEP TEXT: one line of what was done
    printf '%-9s %s\n' "$1" "$2" >&3
}

die() { # die LINE…: what failed, then what to do
    printf '%s: %s\n' "$me" "$1" >&2
    shift
    [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
    exit 1
}

# ---- folders -------------------------------------------------------------------------------------------------------

user_folder() { # user_folder OWN_VARIABLE XDG_VARIABLE BELOW_HOME: its path
    local own=$1 xdg=$2 below=$3 path
    if [ -n "${!own:-}" ]; then
        path=${!own}
    elif [ -n "${!xdg:-}" ]; then
        path=${!xdg}/rollcall
    elif [ -n "${HOME:-}" ]; then
        path=$HOME/$below/rollcall
    else
        die "no home folder: HOME is not set" "Set HOME, or name the folder: $own=/some/folder"
    fi
    case $path in
    /*) ;;
    *) path=$PWD/$path ;;
    esac
    printf '%s\n' "$path"
}

cache_folder() { # models and recordings, shared by all clones
    user_folder ROLLCALL_CACHE XDG_CACHE_HOME .cache
}

data_folder() { # the roll: never inside the source tree unless ROLLCALL_DATA says so
    user_folder ROLLCALL_DATA XDG_DATA_HOME .local/share
}

make_folder() { # make_folder DIR VARIABLE: it exists and can be written
    if ! mkdir -p -- "$1" 2>/dev/null || [ ! -w "$1" ]; then
        die "cannot write in $1" "Make it writable, or name another folder: $2=/some/folder"
    fi
}

# ---- the log of a run: kept only when something failed --------------------------------------------------------------

log=/dev/null

begin_log() { # begin_log CACHE: also removes what failed runs left a week ago
    local folder=$1/log
    if ! mkdir -p -- "$folder" 2>/dev/null || [ ! -w "$folder" ]; then folder=${TMPDIR:-/tmp}; fi
    find "$folder" -maxdepth 1 -name 'rollcall-*.log' -mtime +7 -delete 2>/dev/null || :
    log=$(mktemp -- "$folder/rollcall-${0##*/}-XXXXXX.log") || die "cannot write in $folder" "Set TMPDIR to a folder that can be written."
}

end_log() {
    [ "$log" = /dev/null ] || rm -f -- "$log"
    log=/dev/null
}

die_with_log() { # die_with_log LINE…: and the log's last lines, which usually name the cause
    printf '%s: %s\n' "$me" "$1" >&2
    shift
    [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
    printf '  Last lines of %s:\n' "$log" >&2
    tail -n 20 -- "$log" | sed 's/^/    /' >&2
    exit 1
}

show_last_line() { # show_last_line STEP: of the log, again and again, until killed or alone
    while kill -0 $$ 2>/dev/null; do
        printf '\r\033[K%-9s %s' "$1" "$(tail -n 1 -- "$log" | tr -dc '[:print:]' | cut -c 1-60)" >&2
        sleep 0.3
    done
}

logged() { # logged STEP WHAT COMMAND…: output to the log; a terminal sees its last line meanwhile, others WHAT
    local step=$1 what=$2 watcher='' status=0
    shift 2
    printf '\n== %s\n' "$*" >>"$log"
    if [ -t 2 ]; then
        show_last_line "$step" &
        watcher=$!
    else
        say "$step" "$what"
    fi
    "$@" >>"$log" 2>&1 </dev/null || status=$?
    if [ -n "$watcher" ]; then
        kill "$watcher" 2>/dev/null || :
        wait "$watcher" 2>/dev/null || :
        printf '\r\033[K' >&2
    fi
    return $status
}

# ---- the build -----------------------------------------------------------------------------------------------------

build_folder() { # build_folder PRESET
    printf '%s/%s\n' "${ROLLCALL_BUILD:-$root/build}" "$1"
}

memory_mb() { # what is free for us: of the machine, or of a container with less; file caches can be dropped
    local free limit used cached
    free=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
    limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
    if [ "$limit" != max ]; then
        used=$(cat /sys/fs/cgroup/memory.current)
        cached=$(awk '$1 == "inactive_file" { print $2 }' /sys/fs/cgroup/memory.stat)
        limit=$(((limit - used + cached) / 1048576))
        if [ "$limit" -lt "$free" ]; then free=$limit; fi
    fi
    printf '%s\n' "$free"
}

build_jobs() { # one dlib file (CMake runs one at a time) takes 1.4 GB, any other up to 0.4 GB
    local cpus room
    cpus=$(nproc)
    room=$((($(memory_mb) - 1400) / 400 + 1))
    if [ "$room" -lt 1 ]; then room=1; fi
    if [ "$room" -lt "$cpus" ]; then cpus=$room; fi
    printf '%s\n' "$cpus"
}

cached() { # cached DIR NAME: what CMake noted there
    sed -n "s/^$2:INTERNAL=//p" "$1/CMakeCache.txt"
}

configure() { # configure PRESET DIR: when it was not, when the presets changed, or when the clone or DIR was moved
    local preset=$1 dir=$2 fresh=()
    if [ -e "$dir/CMakeCache.txt" ] &&
        ! { [ "$(cached "$dir" CMAKE_HOME_DIRECTORY)" -ef "$root" ] && [ "$(cached "$dir" CMAKE_CACHEFILE_DIR)" -ef "$dir" ]; }; then
        fresh=(--fresh)
    elif [ -e "$dir/build.ninja" ] && [ "$dir/.configured" -nt "$root/CMakePresets.json" ]; then
        return 0
    fi
    logged build "configuring in $dir" cmake "${fresh[@]}" --preset "$preset" -S "$root" -B "$dir" || return 1
    touch -- "$dir/.configured"
}

why_build_failed() {
    if grep -qE 'Killed signal|out of memory|virtual memory exhausted' "$log"; then
        die_with_log "the build ran out of memory: $(memory_mb) MB are free" "It needs 2000 MB: close programs, or add swap."
    elif grep -qi 'no space left' "$log"; then
        die_with_log "the build failed: the disk is full" "It needs 1000 MB; ROLLCALL_BUILD=/some/folder builds elsewhere."
    fi
    die_with_log "the build failed"
}

build() { # build PRESET [TARGET…]
    local preset=$1 dir began=$SECONDS jobs fd what='looking for changes' targets=("${@:2}")
    dir=$(build_folder "$preset")
    if ! mkdir -p -- "$dir" 2>/dev/null || [ ! -w "$dir" ]; then
        die "cannot build in $dir: the folder cannot be written" "Name a folder for the build: ROLLCALL_BUILD=/some/folder $me"
    fi
    exec {fd}>"$dir/.lock"
    if ! flock -n "$fd"; then
        say build "waiting for another build in $dir"
        flock "$fd"
    fi
    jobs=$(build_jobs)
    configure "$preset" "$dir" || die_with_log "the build could not be configured"
    [ -e "$dir/.built" ] || what="compiling with $jobs jobs; this takes minutes, once"
    logged build "$what" cmake --build "$dir" -j "$jobs" ${targets[@]+--target "${targets[@]}"} || why_build_failed
    touch -- "$dir/.built"
    say build "$preset is up to date in $dir ($((SECONDS - began)) s)"
    exec {fd}>&-
}
