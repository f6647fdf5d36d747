/*
 * Orphans: join, adopt, claim, leave and the late arena of src/arena/registry.c, and the two
 * counters that go with them.
 *
 * Threads come, take a block from the arena that they got, hand it to a thread that frees it, and
 * end; a guest uses the late arena. An inbox is a number here (inbox.pml has its links). Held: an
 * arena has one user at a time, the late one is nobody's, no block is forgotten in an orphan, and
 * the counters are never less than what there is, and exact when all is quiet.
 */
#define LATE 0
#define ARENAS 4 /* with the late one */
#define THREADS 2
#define KEEP_EMPTY 1
#define TRIES 1

mtype = { UNMADE, OWNED, ORPHAN, CLAIMED, RETIRED };

/* One is an orphan from the start, with a block that is about to be freed. */
mtype state[ARENAS] = { ORPHAN, ORPHAN, UNMADE, UNMADE };
byte live[ARENAS] = { 0, 1, 0, 0 };
byte inbox[ARENAS], users[ARENAS];
short orphans = 1, empties;
byte seen_orphans = 1; /* that are there */
byte ended, handed = 1, freed;
chan given = [THREADS + 2] of { byte };

#define COUNTED assert(orphans >= seen_orphans && empties >= 0)
#define USE(arena) assert(users[arena] == 1)

inline count(arena, change, is_empty)
{
	atomic {
		orphans = orphans + change;
		if
		:: is_empty -> empties = empties + change
		:: else
		fi;
		COUNTED
	}
}

inline claim(arena, is_mine)
{
	atomic {
		is_mine = state[arena] == ORPHAN;
		if
		:: is_mine ->
			state[arena] = CLAIMED;
			users[arena]++;
			seen_orphans = seen_orphans - (arena != LATE)
		:: else
		fi
	};
	if
	:: is_mine && arena != LATE -> count(arena, -1, (live[arena] == 0))
	:: else
	fi
}

inline empty_out(arena)
{
	atomic {
		USE(arena);
		assert(live[arena] >= inbox[arena]);
		freed = freed + inbox[arena];
		live[arena] = live[arena] - inbox[arena];
		inbox[arena] = 0
	}
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
			seen_orphans = seen_orphans + (arena != LATE)
		:: else
		fi
	}
}

inline leave(arena, is_left)
{
	do
	::
		empty_out(arena);
		was_empty = live[arena] == 0;
		if
		:: was_empty && empties >= KEEP_EMPTY ->
			atomic { USE(arena); state[arena] = RETIRED; users[arena]-- };
			break
		:: else
		fi;
#ifdef BROKEN_COUNT /* after the state changed: it may be another's already */
		release(arena, is_left);
		if
		:: is_left -> count(arena, 1, was_empty); break
		:: else
		fi
#else
		count(arena, 1, was_empty);
		release(arena, is_left);
		if
		:: is_left -> break
		:: else -> count(arena, -1, was_empty)
		fi
#endif
	od
}

inline release_late(is_left)
{
	do
	::
		empty_out(LATE);
		release(LATE, is_left);
		if
		:: is_left -> break
		:: else
		fi
	od
}

/* Any orphan may look the largest. */
inline adopt(arena)
{
	arena = LATE;
	do
	:: atomic { state[1] == ORPHAN -> arena = 1 }; break
	:: atomic { state[2] == ORPHAN -> arena = 2 }; break
	:: atomic { state[3] == ORPHAN -> arena = 3 }; break
#ifdef BROKEN_LATE /* its users would wait as long as the thread lives */
	:: atomic { state[LATE] == ORPHAN -> state[LATE] = OWNED; users[LATE]++ }; break
#endif
	:: else -> break
	od;
	if
	:: arena != LATE ->
		claim(arena, is_mine);
		if
		:: is_mine -> atomic { USE(arena); state[arena] = OWNED }
		:: else -> arena = LATE
		fi
	:: else
	fi
}

inline make(arena)
{
	atomic {
		arena = 1;
		do
		:: state[arena] != UNMADE -> arena++
		:: else -> break
		od;
		state[arena] = OWNED;
		users[arena]++
	}
}

active [THREADS] proctype thread()
{
	byte mine, tries;
	bool is_mine, is_left, was_empty;

	do
	:: mine == LATE && tries < TRIES && orphans > 0 -> adopt(mine); tries++
	:: else -> break
	od;
	if
	:: mine == LATE -> make(mine)
	:: else
	fi;
	if
	:: atomic { USE(mine); live[mine]++; handed++; given!mine }
	:: true
	fi;
	leave(mine, is_left);
	ended++
}

active proctype guest()
{
	bool is_mine, is_left;

	do
	:: state[LATE] == ORPHAN ->
		claim(LATE, is_mine);
		if
		:: is_mine -> break
		:: else
		fi
	od;
	atomic { USE(LATE); live[LATE]++; handed++; given!LATE };
	release_late(is_left);
	ended++
}

active proctype freeing()
{
	byte arena;
	mtype seen;
	bool is_mine, is_left, was_empty;

	given!1;
end:	do
	:: given?arena ->
		atomic { inbox[arena]++; seen = state[arena]; assert(seen != RETIRED) };
		if
		:: seen == ORPHAN ->
			claim(arena, is_mine);
			if
			:: is_mine && arena == LATE -> release_late(is_left)
			:: is_mine && arena != LATE -> leave(arena, is_left)
			:: else
			fi
		:: else
		fi;
		atomic { arena = 0; seen = 0; is_mine = 0; is_left = 0; was_empty = 0 }
	od
}

#define IS_ORPHAN(arena) (state[arena] == ORPHAN)
#define IS_EMPTY(arena) (state[arena] == ORPHAN && live[arena] == 0)

active proctype last()
{
	timeout;
	assert(ended == THREADS + 1 && freed == handed);
	assert(state[LATE] == ORPHAN && inbox[LATE] + inbox[1] + inbox[2] + inbox[3] == 0);
	assert(orphans == IS_ORPHAN(1) + IS_ORPHAN(2) + IS_ORPHAN(3) && orphans == seen_orphans);
	assert(empties == IS_EMPTY(1) + IS_EMPTY(2) + IS_EMPTY(3))
}
