"""Text: strings of all lengths, split, joined, counted in dictionaries and sorted."""

import sys

count = int(sys.argv[1])
lines = [f"line {i} of {i * 7919 % 100003} " + "x" * (i % 90) for i in range(count)]
text = "\n".join(lines)
counts = {}
for line in text.split("\n"):
    for word in line.split():
        counts[word] = counts.get(word, 0) + 1
print(len(text), len(counts))

changed = [line.replace("of", "<of>").upper() for line in lines if hash(line) is not None]
lines.sort(key=lambda line: line[::-1])
print(sum(map(len, changed)), lines[0], lines[-1])

grown = ""
for number, word in enumerate(sorted(counts)):
    grown += word
    if number % 1000 == 0:
        grown = grown[-500:]
print(len(grown))
