/*
 * The inbox of an arena and the handover of its blocks: src/arena/inbox.h, the flush of
 * src/arena/outbox.c, leave() and settle of src/arena/registry.c.
 *
 * An owner sends blocks to other threads, which free them by pushing; it takes what comes, sends it
 * again (so that a block returns to the head while a push is under way), and leaves. Who pushes
 * to an orphan claims and settles it; a thread may adopt it; once it is empty it may be retired,
 * and its memory is used again after a grace period. Held: one worker at a time, each block is
 * freed once and none is forgotten, and nobody touches the arena when its memory is another's.
 */
#define BLOCKS 2
#define SENDS 3
#define PUSHERS 2
#define READERS (PUSHERS + 1)
#define ADOPTER PUSHERS

mtype = { OWNED, ORPHAN, CLAIMED };

/* One atomic word: state and first block. */
mtype state = OWNED;
byte head;

byte next[BLOCKS + 1];
bool in_flight[BLOCKS + 1];
byte living;
byte workers = 1;
bool is_closed, is_unlinked, is_reused;
byte pushed, freed;
bool reading[READERS];
chan sent = [BLOCKS] of { byte };

#define TOUCH assert(!is_reused)
#define WORK                                                                                       \
	TOUCH;                                                                                     \
	assert(workers == 1)

inline push(block, seen)
{
	atomic { TOUCH; old_head = head; seen = state }
	do
	::
#ifndef BROKEN_LINK /* the release of the push: the link is there before the block is */
		next[block] = old_head;
#endif
		atomic {
			TOUCH;
			if
			:: head == old_head && state == seen -> head = block; pushed++; break
			:: else -> old_head = head; seen = state
			fi
		}
	od;
#ifdef BROKEN_LINK
	next[block] = old_head;
#endif
}

inline take(as)
{
#ifdef BROKEN_TAKE /* not one exchange */
	atomic { WORK; list = head };
	atomic { head = 0 };
#else
	atomic { WORK; assert(state == as); list = head; head = 0 };
#endif
	do
	:: list ->
		atomic {
			assert(in_flight[list]);
			in_flight[list] = false;
			living--;
			freed++;
			list = next[list]
		}
	:: else -> break
	od
}

inline claim(is_mine)
{
#ifdef BROKEN_CLAIM /* looked at, then set */
	atomic { TOUCH; is_mine = state == ORPHAN };
	if
	:: is_mine -> atomic { state = CLAIMED; workers++ }
	:: else
	fi
#else
	atomic {
		TOUCH;
		is_mine = state == ORPHAN;
		if
		:: is_mine -> state = CLAIMED; workers++
		:: else
		fi
	}
#endif
}

/* Whether there are enough empty orphans is any moment's choice. */
inline leave(as)
{
	do
	::
		take(as);
		if
		:: living == 0 -> atomic { WORK; is_unlinked = true; workers-- }; break
		:: true
		fi;
		atomic {
			WORK;
			if
#ifdef BROKEN_RELEASE /* not only if nothing came meanwhile */
			:: true -> state = ORPHAN; workers--; break
#else
			:: head == 0 -> state = ORPHAN; workers--; break
			:: else
#endif
			fi
		}
	od
}

active proctype owner()
{
	byte list, sends, block;

	do
	:: sends < SENDS && living < BLOCKS ->
		atomic {
			block = (in_flight[1] -> 2 : 1);
			assert(!in_flight[block]);
			in_flight[block] = true;
			living++;
			sends++;
			sent!block
		}
	:: head -> take(OWNED)
	:: sends == SENDS -> break
	od;
	is_closed = true;
	leave(OWNED)
}

active [PUSHERS] proctype pusher()
{
	byte list, block, old_head;
	mtype seen;
	bool is_mine;
	byte me = _pid - 1;

	do
	:: atomic { sent?block; old_head = 0 };
#ifndef BROKEN_SECTION /* opened before the push: the block may be what keeps the arena */
		reading[me] = true;
#endif
		push(block, seen);
#ifdef BROKEN_SECTION
		reading[me] = true;
#endif
#ifndef BROKEN_SETTLE /* who pushes to an orphan looks after it */
		if
		:: seen == ORPHAN ->
			claim(is_mine);
			if
			:: is_mine -> leave(CLAIMED)
			:: else
			fi
		:: else
		fi;
#endif
		atomic { reading[me] = false; block = 0; seen = 0; is_mine = false }
	:: is_closed && empty(sent) -> break
	od
}

/* A new thread: finds the arena on the list, if at all, and ends in its turn. */
active proctype adopter()
{
	byte list;
	bool is_mine;

	atomic { reading[ADOPTER] = true; is_mine = false };
	if
	:: !is_unlinked ->
		claim(is_mine);
		if
		:: is_mine ->
			atomic { WORK; assert(state == CLAIMED); state = OWNED };
			reading[ADOPTER] = false;
			leave(OWNED)
		:: else
		fi
	:: else
	fi;
	reading[ADOPTER] = false
}

/* A grace period: each section that was open is seen to have ended. */
active proctype reclaimer()
{
	byte reader;

end:
	is_unlinked;
	do
	:: reader < READERS -> !reading[reader]; reader++
	:: else -> break
	od;
	is_reused = true
}

/* When all have ended. */
active proctype last()
{
	timeout;
	assert(workers == 0 && head == 0 && living == 0);
	assert(pushed == SENDS && freed == SENDS);
	assert(is_unlinked == is_reused);
	assert(is_unlinked || state == ORPHAN)
}
