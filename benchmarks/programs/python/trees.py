"""Binary trees, some kept for long and most for a moment: objects of a few words each."""

import sys


class Node:
    __slots__ = ("left", "right", "value")

    def __init__(self, depth, value):
        self.value = value
        self.left = Node(depth - 1, 2 * value) if depth else None
        self.right = Node(depth - 1, 2 * value + 1) if depth else None

    def total(self):
        return self.value + (self.left.total() + self.right.total() if self.left else 0)


kept = []
total = 0
for number in range(int(sys.argv[1])):
    tree = Node(11, number)
    total += tree.total()
    if number % 8 == 0:
        kept.append(tree)
print(total, sum(tree.total() for tree in kept))
