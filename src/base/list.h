/*
 * A doubly linked ring with a head, links inside the objects. The caller excludes others.
 * A link that is on no list points to itself.
 */
#ifndef HP_BASE_LIST_H
#define HP_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct hp_list {
	struct hp_list *next;
	struct hp_list *previous;
};

#define HP_CONTAINER(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

static inline void hp_list_init(struct hp_list *list)
{
	list->next = list;
	list->previous = list;
}

static inline bool hp_list_is_empty(const struct hp_list *list)
{
	return list->next == list;
}

static inline void hp_list_insert(struct hp_list *after, struct hp_list *link)
{
	link->next = after->next;
	link->previous = after;
	after->next->previous = link;
	after->next = link;
}

static inline void hp_list_push(struct hp_list *list, struct hp_list *link)
{
	hp_list_insert(list, link);
}

static inline void hp_list_append(struct hp_list *list, struct hp_list *link)
{
	hp_list_insert(list->previous, link);
}

static inline void hp_list_remove(struct hp_list *link)
{
	link->next->previous = link->previous;
	link->previous->next = link->next;
	hp_list_init(link);
}

/* Moves all links of one list to the front of another. */
static inline void hp_list_splice(struct hp_list *list, struct hp_list *from)
{
	if (hp_list_is_empty(from))
		return;
	from->next->previous = list;
	from->previous->next = list->next;
	list->next->previous = from->previous;
	list->next = from->next;
	hp_list_init(from);
}

#endif
