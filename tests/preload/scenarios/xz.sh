#!/bin/sh
# xz with two threads: few blocks, all of them large, the same ones again for each part of the
# input. The result must be the same to the byte, and decompress to what it was.
# program: xz
# heap: 40 180
set -eu
case $1 in
quick) lines=400000 level=3 part=2MiB ;;
full) lines=6000000 level=6 part=16MiB ;;
esac

seq "$lines" | awk '{ print $1 * 7919 % 1000003, "line", $1 }' >input
xz -T2 "-$level" --block-size="$part" -k input
cksum <input.xz
xz -dc -T2 input.xz | cmp - input
xz -l input.xz | tail -n 1
