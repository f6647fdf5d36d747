#!/bin/sh
# redis under redis-benchmark on a unix socket. The server is measured, the client is not.
#   redis-small   sets, counters, lists, hashes and sorted sets of small values
#   redis-512m    values of 1 KB, then of 4 KB in their place: 512 MB
# program: redis-server redis-benchmark redis-cli
set -eu
# shellcheck source=benchmarks/programs/common.sh
. "${0%/*}/common.sh"

prepare()
{
	:
}

ask()
{
	redis-cli -s redis.sock "$@"
}

start()
{
	rm -f redis.sock
	: >log
	# Debian's redis is linked with jemalloc, which is found before the C library's malloc.
	[ -n "${BENCH_PRELOAD-}" ] || export BENCH_PRELOAD=libc.so.6
	measured redis-server --port 0 --unixsocket redis.sock --save '' --appendonly no \
		--logfile log &
	server=$!
	# Also when it fails: run.py ends what is left of the session.
	trap 'cat log >&2' EXIT
	until [ "$(ask ping 2>/dev/null)" = PONG ]; do
		kill -0 "$server" # it has not ended
		sleep 0.1
	done
}

stop()
{
	ask shutdown nosave
	trap - EXIT
	wait "$server"
}

# load NAME ARGS...: prints the time per request, on average over what is asked for.
load()
{
	name=$1
	shift
	redis-benchmark -s redis.sock --csv "$@" >load.csv 2>load.log || {
		cat load.csv load.log >&2
		exit 1
	}
	awk -F '[",]+' -v name="$name" 'NR > 1 { sum += 1e9 / $3; tests++ }
		END { printf "%s %.6g ns\n", name, sum / tests }' load.csv
}

run_redis_small()
{
	start
	load redis-small -t set,incr,lpush,rpop,hset,sadd,zadd -d 24 -r 100000 -P 16 -c 32 \
		-n "$(count 200000)"
	[ "$(ask strlen key:000000000000 | tr -dc 0-9)" -ge 0 ]
	stop
}

run_redis_512m()
{
	keys=$(count 131072)
	start
	for size in 1024 4096; do
		load redis-512m.$size -t set -d $size -r "$keys" -P 8 -c 16 -n $((keys * 2))
	done
	[ "$(ask dbsize | tr -dc 0-9)" -gt $((keys * 9 / 10)) ]
	stop
}

main 'redis-small redis-512m' "$@"
