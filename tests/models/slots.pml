/*
 * The states of a slot: src/pool/slot.h, taken and given by src/pool/pool.c and src/pool/idle.c.
 *
 * Two threads take one slot or two in a row, use them and give them back, a third purges what is
 * idle; getting memory and giving it to the system may fail. IDLE_MAX slots may stay idle. Held: a
 * slot that is BUSY or USED has one holder; the free bits, the idle list and the states agree
 * whenever the lock is free; system calls are made on BUSY slots alone; no slot is lost.
 */
#define SLOTS 3
#define IDLE_MAX 1
#define ROUNDS 2

mtype = { FREE, IDLE, BUSY, USED };

mtype state[SLOTS] = { FREE, FREE, FREE };
bool free_bit[SLOTS] = { 1, 1, 1 };
bool is_listed[SLOTS], has_memory[SLOTS];
byte holders[SLOTS];
byte idle;
byte ended;

/* The pool lock: what happens under it is one step for everybody else. */
#define LOCK atomic {
#define UNLOCK                                                                                     \
	AGREE(0);                                                                                  \
	AGREE(1);                                                                                  \
	AGREE(2);                                                                                  \
	assert(idle == is_listed[0] + is_listed[1] + is_listed[2]);                                \
	}
#define AGREE(slot)                                                                                \
	assert(free_bit[slot] == (state[slot] == FREE || state[slot] == IDLE));                    \
	assert(is_listed[slot] == (state[slot] == IDLE));                                          \
	assert(holders[slot] == (state[slot] == BUSY || state[slot] == USED));                     \
	assert(state[slot] != FREE || !has_memory[slot])

/* As the holder, without the lock. */
#define SYSTEM_CALL(slot) assert(holders[slot] == 1 && state[slot] == BUSY)

inline become_busy(slot)
{
	atomic {
#ifndef BROKEN_BIT /* off the idle list, and still to be found */
		free_bit[slot] = false;
#endif
		if
		:: state[slot] == IDLE -> is_listed[slot] = false; idle--
		:: else
		fi;
		state[slot] = BUSY;
		holders[slot]++
	}
}

inline become_free(slot)
{
	atomic { holders[slot]--; state[slot] = FREE; free_bit[slot] = true }
}

inline become_idle(slot)
{
	atomic {
		holders[slot]--;
		state[slot] = IDLE;
		is_listed[slot] = true;
		free_bit[slot] = true;
		idle++
	}
}

/* One of the idle ones, if any: which is the newest or the oldest does not matter here. */
inline take_idle(slot, found)
{
	found = true;
	if
	:: is_listed[0] -> slot = 0
	:: is_listed[1] -> slot = 1
	:: is_listed[2] -> slot = 2
	:: else -> found = false
	fi;
	if
	:: found -> become_busy(slot)
	:: else
	fi
}

inline find(wanted, slot, found)
{
	found = false;
	slot = 0;
	do
	:: slot + wanted <= SLOTS && !found ->
		if
		:: free_bit[slot] && (wanted == 1 || free_bit[slot + wanted - 1]) -> found = true
		:: else -> slot++
		fi
	:: else -> break
	od;
	if
	:: found ->
		become_busy(slot);
		if
		:: wanted == 2 -> become_busy(slot + 1)
		:: else
		fi
	:: else
	fi
}

/* What the system does not take back stays, over the bound. */
inline purge(slot)
{
	SYSTEM_CALL(slot);
	if
	:: has_memory[slot] = false
	:: true
	fi;
	LOCK
	if
	:: has_memory[slot] -> become_idle(slot)
	:: else -> become_free(slot)
	fi;
	UNLOCK
}

/* Within the bound, or in the place of one that is idle longer; else purged itself. */
inline give(slot)
{
	atomic { assert(holders[slot] == 1); state[slot] = BUSY };
	LOCK
	is_evicted = false;
	if
	:: has_memory[slot] && idle >= IDLE_MAX -> take_idle(evicted, is_evicted)
	:: else
	fi;
	is_left = false;
	if
	:: !has_memory[slot] -> become_free(slot)
	:: has_memory[slot] && idle < IDLE_MAX -> become_idle(slot)
	:: else -> is_left = true
	fi;
	UNLOCK;
	if
	:: is_evicted -> purge(evicted)
	:: else
	fi;
	if
	:: is_left -> purge(slot)
	:: else
	fi
}

inline fill(slot)
{
	if
	:: has_memory[slot]
	:: !has_memory[slot] ->
		SYSTEM_CALL(slot);
		if
		:: has_memory[slot] = true
		:: is_short = true
		fi
	fi
}

inline use(slot, other)
{
	atomic { assert(holders[slot] == 1 && has_memory[slot]); assert(state[slot] == USED) };
	atomic { assert(holders[other] == 1 && has_memory[other]); assert(state[other] == USED) }
}

inline take(wanted)
{
	is_short = false;
	LOCK
	if
	:: wanted == 1 -> take_idle(slot, found)
	:: else -> found = false
	fi;
	if
	:: !found -> find(wanted, slot, found)
	:: else
	fi;
	UNLOCK;
	other = slot + (wanted == 2);
	if
	:: found ->
		fill(slot);
		fill(other);
		LOCK
		if
		:: !is_short -> state[slot] = USED; state[other] = USED
		:: else
		fi;
		UNLOCK
	:: else
	fi
}

active [2] proctype thread()
{
	byte slot, other, evicted, rounds, wanted;
	bool found, is_short, is_evicted, is_left;

	do
	:: rounds < ROUNDS ->
		if
		:: wanted = 1
		:: wanted = 2
		fi;
		take(wanted);
		if
		:: found ->
			if
			:: !is_short -> use(slot, other)
#ifdef BROKEN_SHORT /* what was taken before memory ran out is given back */
			:: else -> found = false
#else
			:: else
#endif
			fi
		:: else
		fi;
		if
		:: found -> give(slot)
		:: else
		fi;
		if
		:: found && other != slot -> give(other)
		:: else
		fi;
		atomic {
			rounds++;
			slot = 0; other = 0; evicted = 0; wanted = 0;
			found = false; is_short = false
		}
	:: else -> break
	od;
	ended++
}

active proctype trimmer()
{
	byte slot;
	bool found;

	LOCK
#ifdef BROKEN_PURGE /* not made BUSY first: it may be taken meanwhile */
	found = is_listed[0];
	UNLOCK;
	if
	:: found -> has_memory[0] = false
	:: else
	fi;
	LOCK
#endif
	take_idle(slot, found);
	UNLOCK;
	if
	:: found -> purge(slot)
	:: else
	fi;
	ended++
}

active proctype last()
{
	timeout;
	assert(ended == 3);
	assert(free_bit[0] && free_bit[1] && free_bit[2])
}
