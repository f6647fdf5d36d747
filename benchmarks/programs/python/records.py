"""Records as a service has them: nested dictionaries and lists, to JSON and back, regrouped."""

import collections
import json
import sys

count = int(sys.argv[1])
records = [{"id": i, "name": f"name-{i * 31 % 5003}", "tags": [f"t{i % k}" for k in range(1, 6)],
            "place": {"x": i * 0.5, "y": i / 3, "note": "n" * (i % 40)}} for i in range(count)]
text = json.dumps(records)
again = json.loads(text)
print(len(text), again == records)

groups = collections.defaultdict(list)
for record in again:
    groups[record["name"]].append((record["id"], record["place"]["x"], *record["tags"]))
print(len(groups), sum(len(rows) for rows in groups.values()))

for start in range(0, count, 1000):  # a window that moves: the old ones go, new ones come
    again[start:start + 1000] = [dict(record, id=-record["id"]) for record in
                                 again[start:start + 1000]]
print(sum(record["id"] for record in again))
