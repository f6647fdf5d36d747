#!/bin/sh
# redis that says all it does, with BGSAVE every second (a fork that walks the heap while the
# parent is written to by two clients) and DEBUG RELOAD (all freed and allocated anew) in between:
# no save fails, and what is reloaded is what was there.
# program: redis-server redis-benchmark redis-cli
# heap: 60 256
set -eu
case $1 in
quick) values=12000 saves=4 ;;
full) values=60000 saves=12 ;;
esac
# shellcheck source=tests/preload/scenarios/redis_server.sh
. "${0%/*}/redis_server.sh"

reloaded() {
	before=$(ask debug digest)
	ask debug reload
	[ "$before" = "$(ask debug digest)" ] && echo 'all is as before'
}

start --loglevel debug --enable-debug-command local
load -t lpush -d 4096 -n "$values" -c 20 -P 8
ask llen mylist
reloaded
redis-benchmark -s "$socket" -q -t set,get,incr,hset,sadd -r 100000 -n 2000000000 -c 20 -P 4 \
	>load.out 2>&1 &
small=$!
redis-benchmark -s "$socket" -q -t set -d 3000 -r 4000 -n 2000000000 -c 5 >load.out 2>&1 &
large=$!
trap 'kill $small $large $server; tail -n 50 log >&2' EXIT
i=0
while [ $i -lt $saves ]; do
	ask bgsave
	sleep 1
	saved
	i=$((i + 1))
done
kill $small $large
wait $small $large 2>/dev/null || true
reloaded
reloaded
ask flushall
ask dbsize
stop
