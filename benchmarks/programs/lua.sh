#!/bin/sh
# Lua asks realloc for everything: tables that grow, strings, closures, a collector that frees.
# program: lua
set -eu
# shellcheck source=benchmarks/programs/common.sh
. "${0%/*}/common.sh"

script=$(cd "${0%/*}" && pwd)/strings.lua

prepare()
{
	:
}

run_lua()
{
	measured lua "$script" "$(count 150000)" >output
	check_same lua output
	took lua
}

main 'lua' "$@"
