#!/bin/sh
# A database in memory, so that its pages are blocks of the heap: 100,000 inserts, two indices,
# queries that sort and group, deletion, and a copy to a file that is read again.
# program: sqlite3
# heap: 40 120
set -eu
case $1 in
quick) width=200 ;;
full) width=900 ;;
esac

{
	echo 'BEGIN;'
	echo 'CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, size INTEGER, note TEXT);'
	seq 100000 | awk -v width="$width" '{
		note = sprintf("%0" width "d", $1)
		printf "INSERT INTO item VALUES (%d, \"name-%d\", %d, \"%s\");\n", \
			$1, $1 * 7919 % 100003, $1 % 977, note
	}'
	cat <<-END
		COMMIT;
		CREATE INDEX item_name ON item (name);
		CREATE INDEX item_size ON item (size, name);
		SELECT count(*), sum(size), sum(length(note)) FROM item;
		SELECT size, count(*), min(name), max(id) FROM item
			GROUP BY size ORDER BY 2, 1 LIMIT 20;
		SELECT a.id, b.id FROM item a JOIN item b ON a.name = b.name || '1'
			ORDER BY 1 LIMIT 20;
		SELECT sum(length(names)) FROM (SELECT group_concat(name) AS names FROM item);
		DELETE FROM item WHERE size % 3 = 0;
		VACUUM INTO 'copy.db';
		SELECT count(*) FROM item;
		PRAGMA integrity_check;
	END
} | sqlite3 :memory:
sqlite3 copy.db 'SELECT count(*), sum(id) FROM item; PRAGMA integrity_check;'
