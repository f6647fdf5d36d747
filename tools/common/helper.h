/* The files that belong to the command, of the build tree where it runs in one. */
#ifndef HP_TOOLS_COMMON_HELPER_H
#define HP_TOOLS_COMMON_HELPER_H

/*
 * The absolute path of `directory`/`name`; before that, in a build tree, of `beside`/`name`,
 * relative to the command's own directory. The caller frees it; NULL, which is said, if there is
 * none.
 */
char *hp_helper_find(const char *directory, const char *beside, const char *name);

/*
 * The same of libhpalloc-preload.so, for LD_PRELOAD, which does not take every path;
 * HPALLOC_PRELOAD_LIBRARY goes before.
 */
char *hp_helper_library(void);

#endif
