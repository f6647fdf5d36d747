#!/bin/sh
# PostgreSQL with its shared buffers on the same pool of huge pages as our heap (huge_pages=try):
# initdb, pgbench with eight clients, a sort and a hash in memory. Backends are forked all the time.
# program: /usr/lib/postgresql/15/bin/postgres pgbench setpriv
# heap: 60 150
# others: 160 300
set -eu
case $1 in
quick) seconds=6 scale=2 rows=400000 buffers=128MB ;;
full) seconds=60 scale=10 rows=1000000 buffers=256MB ;;
esac
bin=/usr/lib/postgresql/15/bin

user=
if [ "$(id -u)" = 0 ]; then
	user='setpriv --reuid=postgres --regid=postgres --clear-groups'
	chown postgres .
fi
ask() { $user $bin/psql -h "$PWD" -X -q -A -t -d postgres "$@"; }

$user $bin/initdb -D data -A trust --no-sync >log 2>&1 || { cat log; exit 1; }
$user $bin/postgres -D data -k "$PWD" -c listen_addresses= -c huge_pages=try -c fsync=off \
	-c shared_buffers=$buffers -c work_mem=512MB -c max_connections=30 \
	-c max_parallel_workers_per_gather=2 -c log_min_messages=warning >server.log 2>&1 &
server=$!
trap 'kill -QUIT $server; cat server.log >&2' EXIT
tries=0
until $user $bin/pg_isready -q -h "$PWD"; do
	tries=$((tries + 1))
	[ $tries -lt 300 ]
	sleep 0.1
done
$user $bin/pgbench -h "$PWD" -i -q -s $scale postgres >log 2>&1 || cat log
$user $bin/pgbench -h "$PWD" -c 8 -j 2 -T $seconds postgres >log 2>&1 || cat log
grep 'failed transactions' log
# A new backend for each transaction.
$user $bin/pgbench -h "$PWD" -C -S -c 4 -T $((seconds / 2)) postgres >log 2>&1 || cat log
grep 'failed transactions' log
ask -c 'select count(*) from pgbench_accounts' \
	-c 'select sum(bbalance) = (select sum(tbalance) from pgbench_tellers)
		from pgbench_branches' \
	-c "select md5(string_agg(x, ',')) from (select md5(i::text) x
		from generate_series(1, $rows) i order by 1 limit 1000000) s" \
	-c "select count(*) from (select i % 100003, count(*)
		from generate_series(1, $rows) i group by 1) s"
grep -vE 'starting|listening|ready|shut down' server.log || true
kill -INT $server
trap - EXIT
wait $server
echo "stopped: $?"
