#!/bin/sh
# redis under redis-benchmark: a list of 4 KB values, many small keys, BGSAVE (a fork that walks
# the whole heap while the parent goes on), a reload from the file, deletion. Unix socket only.
# program: redis-server redis-benchmark redis-cli
# heap: 60 256
set -eu
case $1 in
quick) values=15000 requests=20000 ;;
full) values=65536 requests=500000 ;;
esac
# shellcheck source=tests/preload/scenarios/redis_server.sh
. "${0%/*}/redis_server.sh"

start
load -t lpush -d 4096 -n "$values" -c 20 -P 8
ask llen mylist
ask bgsave
load -t set,get,incr,hset,sadd,zadd -r 100 -n "$requests" -c 50 -P 16
saved
load -t lpop -d 4096 -n $((values / 2)) -c 20 -P 8
ask llen mylist
ask bgsave
saved
ask llen mylist
stop
start
ask llen mylist
ask strlen key:000000000001 >/dev/null
ask flushall
ask dbsize
stop
