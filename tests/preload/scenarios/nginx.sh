#!/bin/sh
# nginx with two workers that compress what they send, under ab with 40 connections, before and
# after new workers take over from the old ones. Loopback only.
# program: nginx ab python3
set -eu
case $1 in
quick) requests=4000 ;;
full) requests=100000 ;;
esac
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')

mkdir -p root
seq 20000 >root/numbers.txt
cat >nginx.conf <<END
daemon off;
user root;
worker_processes 2;
pid $PWD/nginx.pid;
error_log $PWD/error.log;
events { worker_connections 200; }
http {
	access_log off;
	client_body_temp_path $PWD/body;
	proxy_temp_path $PWD/proxy;
	fastcgi_temp_path $PWD/fastcgi;
	uwsgi_temp_path $PWD/uwsgi;
	scgi_temp_path $PWD/scgi;
	gzip on;
	gzip_types text/plain;
	default_type text/plain;
	server {
		listen 127.0.0.1:$port;
		root $PWD/root;
		location /long { rewrite ^/long(.*)\$ /numbers.txt?\$1 break; }
	}
}
END
nginx -p "$PWD" -c "$PWD/nginx.conf" -e "$PWD/error.log" &
server=$!
trap 'kill $server; cat error.log >&2' EXIT
tries=0
until [ -s nginx.pid ]; do
	tries=$((tries + 1))
	[ $tries -lt 300 ]
	sleep 0.1
done

load() {
	ab -q -k -c 40 -n "$requests" -H 'Accept-Encoding: gzip' "http://127.0.0.1:$port$1" >ab.out
	grep -E '^(Complete requests|Failed requests|Non-2xx|Document Length)' ab.out
}
load /numbers.txt
kill -HUP "$server"
sleep 0.5
load "/long/$(seq -s - 300)"
kill -QUIT "$server"
trap - EXIT
wait "$server"
echo "nginx ended with $?"
