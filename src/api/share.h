/*
 * How the child of a fork comes to what stands on hugetlb: by a copy on normal memory (snapshot.h),
 * which is safe, or by sharing the pages copy-on-write, which costs nothing until somebody writes
 * and then a page of the pool. Decided at each fork, as HPALLOC_FORK says.
 *
 * All three with every lock held; the caller passes them.
 */
#ifndef HP_API_SHARE_H
#define HP_API_SHARE_H

void hp_share_prepare(void);
void hp_share_parent(void);
void hp_share_child(void);

#endif
