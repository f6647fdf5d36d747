/*
 * The list of arenas: walk, link, unlink and reuse of src/arena/registry.c, with the grace periods
 * of src/rt/reclaim.c and the guests of src/arena/gate.c.
 *
 * Three arenas, of which the last in the list stays: two threads unlink and retire the others, one
 * links a new one out of reused memory, one walks in a read section, one as a guest, one reuses. A
 * guest's count may wait in its thread's store buffer, while its loads go on. Held: who walks never
 * stands on memory that was given back, and meets the arena that is there all the time.
 */
#define ARENAS 3
#define STAYS 3

byte head = 1;
byte next[ARENAS + 1] = { 0, 2, 3, 0 };
byte previous[ARENAS + 1] = { 0, 0, 1, 2 };
bool is_live[ARENAS + 1] = { 0, 1, 1, 1 }; /* not given back */
bool is_retired[ARENAS + 1];
byte retired; /* how many */
bool registry; /* lock */

bool is_reading;
byte guests;
bool is_count_buffered;
byte ended;

#define LOCK(lock) atomic { !lock; lock = true }
#define UNLOCK(lock) lock = false

inline link(arena)
{
	LOCK(registry);
	next[arena] = head;
	if
	:: next[arena] -> previous[next[arena]] = arena
	:: else
	fi;
	head = arena;
	UNLOCK(registry)
}

inline unlink_and_retire(arena)
{
#ifndef BROKEN_LOCK
	LOCK(registry);
#endif
	after = next[arena];
	if
	:: after -> previous[after] = previous[arena]
	:: else
	fi;
	if
	:: previous[arena] -> next[previous[arena]] = after
	:: else -> head = after
	fi;
#ifdef BROKEN_NEXT /* who stands on it would end his walk */
	next[arena] = 0;
#endif
#ifndef BROKEN_LOCK
	UNLOCK(registry);
#endif
	atomic { is_retired[arena] = true; retired++ }
}

inline walk()
{
	at = head;
	found = false;
	do
	:: at ->
		assert(is_live[at]);
		found = found || at == STAYS;
		at = next[at]
	:: else -> break
	od;
	assert(found)
}

active [2] proctype thread_that_ends()
{
	byte after, me = _pid + 1;

	unlink_and_retire(me);
	ended++
}

active proctype reader()
{
	byte at;
	bool found;

	is_reading = true;
	walk();
	is_reading = false;
	ended++
}

/* The count is a store like others: with a fence behind it, or it may be seen late. */
active proctype guest()
{
	byte at;
	bool found;

	is_count_buffered = true;
#ifndef BROKEN_FENCE
	!is_count_buffered;
#endif
	walk();
	!is_count_buffered;
	guests--;
	ended++
}

active proctype buffer()
{
end:	do
	:: atomic { is_count_buffered -> is_count_buffered = false; guests++ }
	od
}

/* In batches of any size: all that is retired when it begins. */
active proctype reclaimer()
{
	bool batch[ARENAS + 1];
	byte i, reused;

	do
	:: reused < 2 ->
		d_step {
			retired > 0;
			i = 1;
			do
			:: i <= ARENAS -> batch[i] = is_retired[i]; is_retired[i] = false; i++
			:: else -> break
			od;
			retired = 0
		}
#ifndef BROKEN_GRACE
		!is_reading;
#endif
#ifndef BROKEN_GUESTS
		guests == 0;
#endif
		i = 1;
		do
		:: i <= ARENAS ->
			if
			:: batch[i] ->
				atomic { is_live[i] = false; next[i] = 0; previous[i] = 0 };
				reused++;
				if
				:: reused == 1 -> is_live[i] = true; link(i)
				:: else
				fi
			:: else
			fi;
			i++
		:: else -> break
		od
	:: else -> break
	od;
	ended++
}

active proctype last()
{
	timeout;
	assert(ended == 5 && retired == 0);
	assert(head != STAYS && next[head] == STAYS && next[STAYS] == 0);
	assert(previous[STAYS] == head && previous[head] == 0)
}
