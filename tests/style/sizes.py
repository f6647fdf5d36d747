"""No file over 400 lines, no function over 60, tests and scripts included."""

import ast

import tree

FILE_LINES = 400
FUNCTION_LINES = 60


def python_functions(path):
    for node in ast.walk(ast.parse((tree.ROOT / path).read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno


findings = []
for path in [*tree.files(".c", ".h", ".def", ".py", "meson.build"), *tree.shell_scripts()]:
    count = len(tree.lines(path)) - 1
    if count > FILE_LINES:
        findings.append(f"{path}: {count} lines")
    functions = python_functions(path) if path.suffix == ".py" else tree.bodies(path)
    for first, last in functions:
        if last - first + 1 > FUNCTION_LINES:
            findings.append(f"{path}:{first}: function of {last - first + 1} lines")
tree.report(findings)
