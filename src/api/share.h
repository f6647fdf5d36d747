/*
 * How the child of a fork comes to what stands on hugetlb: by a copy on normal memory (snapshot.h),
 * which is safe, or by sharing the pages copy-on-write, which costs nothing until somebody writes
 * and then a page of the pool. Decided at each fork, as HPALLOC_FORK says.
 *
 * But for the first, with every lock held; the caller passes them.
 */
#ifndef HP_API_SHARE_H
#define HP_API_SHARE_H

/* Before the locks: looks at what the control group allows. Reads files. */
void hp_share_look_ahead(void);

void hp_share_prepare(void);
void hp_share_parent(void);
void hp_share_child(void);

#endif
