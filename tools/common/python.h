/* Python, for what draws and measures: Debian's, which has the packages, or the first in PATH. */
#ifndef HP_TOOLS_COMMON_PYTHON_H
#define HP_TOOLS_COMMON_PYTHON_H

/* Becomes a script; arguments[0] is for the interpreter's name. Returns if that fails: said. */
void hp_python_become(char **arguments);

#endif
