#!/bin/sh
# A database in memory, so that its pages are blocks of the heap: inserts, two indices, queries that
# sort and group, updates and deletion.
# program: sqlite3
set -eu
# shellcheck source=benchmarks/programs/common.sh
. "${0%/*}/common.sh"

prepare()
{
	rows=$(count 200000)
	{
		echo 'BEGIN;'
		echo 'CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, size INTEGER,'
		echo ' note TEXT);'
		seq "$rows" | awk '{
			note = sprintf("%0" ($1 % 300) "d", $1)
			printf "INSERT INTO item VALUES (%d, \"name-%d\", %d, \"%s\");\n", \
				$1, $1 * 7919 % 1000003, $1 % 977, note
		}'
		cat <<-END
			COMMIT;
			CREATE INDEX item_name ON item (name);
			CREATE INDEX item_size ON item (size, name);
			SELECT size, count(*), min(name), max(id) FROM item
				GROUP BY size ORDER BY 2, 1 LIMIT 20;
			SELECT sum(length(a.note || b.note)) FROM item a
				JOIN item b ON a.id = b.size;
			SELECT sum(length(names)) FROM (SELECT group_concat(name) AS names
				FROM item GROUP BY size);
			UPDATE item SET note = note || name WHERE size % 5 = 0;
			DELETE FROM item WHERE size % 3 = 0;
			SELECT count(*), sum(length(note)) FROM item;
			PRAGMA integrity_check;
		END
	} >input.sql
}

run_sqlite()
{
	measured sqlite3 :memory: <input.sql >output
	check_same sqlite output
	took sqlite
}

main 'sqlite' "$@"
