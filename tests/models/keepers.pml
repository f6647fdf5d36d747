/*
 * Keepers: src/arena/keepers.c, and who calls it in src/arena/registry.c.
 *
 * Threads come, fill the ring of their arena or not, hand a block to a thread that frees it, and
 * end; a walk (trim, decay) settles keepers meanwhile. A fork may happen whenever nobody is in a
 * section. An inbox is a number here, and a ring has something or not. Held: an orphan with
 * something in its ring is a keeper, and no other is; of keepers there are never more than places,
 * nor than are counted; a fork finds as many places taken as there are keepers; what retires is
 * none; and after a trim nothing is kept and no place taken.
 */
#define ARENAS 2
#define THREADS 2
#define PLACES 1

mtype = { RETIRED, OWNED, ORPHAN, CLAIMED }; /* retired: or not made yet */

/* The first is a keeper from the start, with a block that is about to be freed. */
mtype state[ARENAS] = { ORPHAN, RETIRED };
byte live[ARENAS] = { 1, 0 };
bool ring[ARENAS] = { 1, 0 };
bool is_keeper[ARENAS] = { 1, 0 };
byte inbox[ARENAS], users[ARENAS];
short count = 1;
byte in_section, ended;
chan given = [THREADS + 1] of { byte };

#define KEEPERS (is_keeper[0] + is_keeper[1])
#define IS_KEPT(arena) (state[arena] == ORPHAN && ring[arena])
#define CHANGED assert(count >= KEEPERS && KEEPERS <= PLACES && in_section > 0)
#define USE(arena) assert(users[arena] == 1)

#define ENTER in_section++
#define LEAVE                                                                                      \
	atomic {                                                                                   \
		in_section--;                                                                      \
		assert(in_section > 0 ||                                                           \
		       (count == KEEPERS && is_keeper[0] == IS_KEPT(0) &&                          \
			is_keeper[1] == IS_KEPT(1)))                                               \
	}

inline try_add(arena)
{
	USE(arena);
	if
	:: ring[arena] ->
#ifdef BROKEN_BOUND /* looked at first: two have the last place */
		if
		:: count < PLACES -> atomic { count++; is_keeper[arena] = true; CHANGED }
		:: else
		fi
#else
		atomic { has_place = count < PLACES; count++; CHANGED };
		if
		:: has_place -> atomic { is_keeper[arena] = true; CHANGED }
		:: else -> count--
		fi
#endif
	:: else
	fi
}

inline remove(arena)
{
	USE(arena);
	if
	:: is_keeper[arena] ->
#ifdef BROKEN_ORDER /* its place is another's before it is none */
		atomic { count--; CHANGED };
		is_keeper[arena] = false
#else
		is_keeper[arena] = false;
		atomic { count--; CHANGED }
#endif
	:: else
	fi
}

inline claim(arena, is_mine)
{
	atomic {
		is_mine = state[arena] == ORPHAN;
		if
		:: is_mine -> state[arena] = CLAIMED; users[arena]++
		:: else
		fi
	};
#ifndef BROKEN_CLAIM /* who claims it does not end it */
	if
	:: is_mine -> remove(arena)
	:: else
	fi
#endif
}

/* What comes home may empty the ring. */
inline empty_out(arena)
{
	atomic {
		USE(arena);
		if
		:: inbox[arena] > 0 -> ring[arena] = false
		:: true
		fi;
		live[arena] = live[arena] - inbox[arena];
		inbox[arena] = 0
	};
	if
	:: !is_keeper[arena] -> ring[arena] = false
#ifndef BROKEN_EMPTY /* it has nothing to keep, and its place for ever */
	:: is_keeper[arena] && !ring[arena] -> remove(arena)
#endif
	:: else
	fi
}

/* Fails if blocks came meanwhile. */
inline release(arena, is_left)
{
	atomic {
		USE(arena);
		is_left = inbox[arena] == 0;
		if
		:: is_left ->
			state[arena] = ORPHAN;
			users[arena]--;
			assert(is_keeper[arena] == ring[arena])
		:: else
		fi
	}
}

/* There may be enough empty ones, or not. */
inline leave(arena, is_left)
{
	do
	::
		empty_out(arena);
		if
		:: live[arena] == 0 && !ring[arena] ->
			atomic {
				USE(arena);
				assert(!is_keeper[arena]);
				state[arena] = RETIRED;
				users[arena]--
			};
			break
		:: true ->
			release(arena, is_left);
			if
			:: is_left -> break
			:: else
			fi
		fi
	od
}

inline settle(arena)
{
	claim(arena, is_mine);
	if
	:: is_mine -> leave(arena, is_left)
	:: else
	fi
}

/* Any orphan, or a new one; one of both there is, for a thread less than there are arenas. */
inline join(arena)
{
	do
	::
		if
		:: state[0] == ORPHAN -> arena = 0
		:: state[1] == ORPHAN -> arena = 1
		:: atomic { state[0] == RETIRED -> state[0] = OWNED; users[0]++; arena = 0 }; break
		:: atomic { state[1] == RETIRED -> state[1] = OWNED; users[1]++; arena = 1 }; break
		fi;
		claim(arena, is_mine);
		if
		:: is_mine -> atomic { USE(arena); state[arena] = OWNED; is_mine = false }; break
		:: else
		fi
	od
}

active [THREADS] proctype thread()
{
	byte mine;
	bool is_mine, is_left, has_place;

	ENTER;
	join(mine);
	LEAVE;
	atomic {
		USE(mine);
		if
		:: ring[mine] = true
		:: true
		fi;
		if
		:: live[mine]++; given!mine
		:: true
		fi
	};
#ifdef BROKEN_SECTION /* a fork in between: the child has a place less */
	try_add(mine);
	ENTER;
#else
	ENTER;
	try_add(mine);
#endif
	leave(mine, is_left);
	LEAVE;
	ended++
}

active proctype freeing()
{
	byte arena;
	mtype seen;
	bool is_mine, is_left;

	given!0;
end:	do
	:: given?arena ->
		ENTER;
		atomic { inbox[arena]++; seen = state[arena]; assert(seen != RETIRED) };
		if
		:: seen == ORPHAN -> settle(arena)
		:: else
		fi;
		LEAVE;
		atomic { arena = 0; seen = 0; is_mine = false; is_left = false }
	od
}

/* Settles keepers: a decay those that are due, any of them; a trim all. */
inline walk(is_trim)
{
	do
	:: at < ARENAS && is_keeper[at] ->
#ifdef BROKEN_WALK /* it has no claim: the arena's user may do the same */
		is_keeper[at] = false;
		atomic { count--; CHANGED };
#endif
#ifndef BROKEN_TRIM /* as if only blocks in the inbox were worth a claim */
		settle(at);
#endif
		at++
	:: at < ARENAS && !(is_trim && is_keeper[at]) -> at++
	:: at == ARENAS -> break
	od
}

active proctype decay()
{
	byte at;
	bool is_mine, is_left;

	ENTER;
	walk(false);
	LEAVE;
	ended++
}

active proctype last()
{
	byte at;
	bool is_mine, is_left;

	timeout;
	assert(ended == THREADS + 1 && live[0] == inbox[0] && live[1] == inbox[1]);
	ENTER;
	walk(true);
	LEAVE;
	assert(!ring[0] && !ring[1] && KEEPERS == 0 && count == 0 && live[0] + live[1] == 0)
}
