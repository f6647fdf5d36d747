/* Where /proc, /sys and /etc are. */
#ifndef HP_TOOLS_MACHINE_ROOT_H
#define HP_TOOLS_MACHINE_ROOT_H

/*
 * What stands before each path that begins with /proc, /sys or /etc: "". Alone in its file, so that
 * the tests can link the command with another one (tests/tools/fake_kernel.c); the command that is
 * installed knows no such thing.
 */
const char *hp_root(void);

#endif
