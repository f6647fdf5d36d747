#!/bin/bash
# Five of stress-ng's stressors at once: malloc with its realloc, a heap that grows by realloc
# until there is no more, brk, and two that fork. The limit of the address space is what the second
# one meets, instead of all of the machine's memory. Without --brk-notouch that stressor writes
# below the first break, where only the C library's own malloc has made memory: under jemalloc and
# mimalloc, too, its child dies at once, and begins again for ever.
# program: stress-ng
# heap: 100 100 unseen
set -eu
case $1 in
quick) seconds=3 ;;
full) seconds=100 ;;
esac

ulimit -v 3000000
stress-ng --quiet --seed 42 --timeout "$seconds" --verify --oomable \
	--malloc 1 --malloc-pthreads 2 --malloc-touch --malloc-bytes 4M \
	--bigheap 1 --bigheap-growth 1M --brk 1 --brk-notouch --fork 2
echo "stress-ng ended with $?"
