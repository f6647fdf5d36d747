#!/bin/sh
# xz with two threads: few blocks, all of them large, the same ones again for each part.
# program: xz
set -eu
# shellcheck source=benchmarks/programs/common.sh
. "${0%/*}/common.sh"

prepare()
{
	seq "$(count 600000)" | awk '{ print $1 * 7919 % 1000003, "line", $1 }' >input
}

run_xz()
{
	measured xz -T2 -3 --block-size=2MiB -c input >input.xz
	check_same xz input.xz
	took xz
}

main 'xz' "$@"
