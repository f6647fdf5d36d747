# shellcheck shell=sh
# What the redis scenarios share: a server in the empty directory, by a Unix socket only.

socket=$PWD/redis.sock

# Starts the server, with the arguments too, and waits until it answers.
start() {
	redis-server --port 0 --unixsocket "$socket" --save '' --dir "$PWD" --logfile "$PWD/log" \
		--appendonly no "$@" &
	server=$!
	trap 'kill $server; tail -n 50 log >&2' EXIT
	tries=0
	until [ "$(ask ping 2>/dev/null)" = PONG ]; do
		tries=$((tries + 1))
		[ $tries -lt 300 ]
		sleep 0.1
	done
}

ask() { redis-cli -s "$socket" "$@"; }

load() { redis-benchmark -s "$socket" -q "$@" >load.out 2>&1 || { cat load.out; exit 1; }; }

# Waits until the BGSAVE that goes on has ended, and says how.
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
