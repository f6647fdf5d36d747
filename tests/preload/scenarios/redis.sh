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
socket=$PWD/redis.sock

start() {
	redis-server --port 0 --unixsocket "$socket" --save '' --dir "$PWD" --logfile "$PWD/log" \
		--appendonly no &
	server=$!
	trap 'kill $server; cat log >&2' EXIT
	tries=0
	until [ "$(redis-cli -s "$socket" ping 2>/dev/null)" = PONG ]; do
		tries=$((tries + 1))
		[ $tries -lt 300 ]
		sleep 0.1
	done
}
ask() { redis-cli -s "$socket" "$@"; }
load() { redis-benchmark -s "$socket" -q "$@" >load.out 2>&1 || { cat load.out; exit 1; }; }
saved() {
	tries=0
	until ask info persistence | grep -q 'rdb_bgsave_in_progress:0'; do
		tries=$((tries + 1))
		[ $tries -lt 600 ]
		sleep 0.1
	done
	ask info persistence | grep -o 'rdb_last_bgsave_status:[a-z]*'
}
stop() {
	ask shutdown nosave
	trap - EXIT
	wait "$server"
	echo "stopped: $?"
}

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
