#!/bin/sh
# stress-ng's malloc stressor: two processes with two more threads each call malloc, calloc,
# realloc, aligned_alloc, posix_memalign and free at random, and verify what they wrote.
# program: stress-ng
# heap: 40 200 unseen
set -eu
case $1 in
quick) operations=60000 bytes=256K blocks=600 ;;
full) operations=100000 bytes=1M blocks=1000 ;;
esac

stress-ng --quiet --seed 42 --malloc 2 --malloc-ops "$operations" --malloc-bytes "$bytes" \
	--malloc-max "$blocks" --malloc-pthreads 2 --malloc-touch --verify
echo "stress-ng ended with $?"
