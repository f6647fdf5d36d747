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
socket=$PWD/redis.sock

start() {
	redis-server --port 0 --unixsocket "$socket" --save '' --dir "$PWD" --logfile "$PWD/log" \
		--appendonly no --loglevel debug --enable-debug-command local &
	server=$!
	trap 'kill $server; tail -n 50 log >&2' EXIT
	tries=0
	until [ "$(redis-cli -s "$socket" ping 2>/dev/null)" = PONG ]; do
		tries=$((tries + 1))
		[ $tries -lt 300 ]
		sleep 0.1
	done
}
ask() { redis-cli -s "$socket" "$@"; }
load() { redis-benchmark -s "$socket" -q "$@" >load.out 2>&1; }
saved() {
	tries=0
	until ask info persistence | grep -q 'rdb_bgsave_in_progress:0'; do
		tries=$((tries + 1))
		[ $tries -lt 600 ]
		sleep 0.1
	done
	ask info persistence | grep -o 'rdb_last_bgsave_status:[a-z]*'
}
reloaded() {
	before=$(ask debug digest)
	ask debug reload
	[ "$before" = "$(ask debug digest)" ] && echo 'all is as before'
}

start
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
ask shutdown nosave
trap - EXIT
wait "$server"
echo "stopped: $?"
