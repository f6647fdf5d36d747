/* Control groups of a test's own, of whichever version has the controller; as root, or skipped. */
#ifndef HP_TEST_CONTROL_GROUP_H
#define HP_TEST_CONTROL_GROUP_H

#include <stdbool.h>

/*
 * Makes a group with the controller ("memory", "hugetlb") below the root group, or skips the test,
 * says so, and returns NULL. hp_test_group_inside() makes one inside a group that is there.
 */
char *hp_test_group_begin(const char *controller);
char *hp_test_group_inside(const char *group, const char *name);

/* Removes it, when all processes have left, and frees the name. */
void hp_test_group_end(char *group);

/* This process goes in. */
void hp_test_group_enter(const char *group);

/* Limits are named as in version 2: "memory.max", "hugetlb.2MB.max", "hugetlb.2MB.rsvd.max". */
bool hp_test_group_limit(const char *group, const char *limit, const char *value);

#endif
