/*
 * The gate that fork closes: src/arena/gate.[ch], and the order of src/api/fork.c's prepare.
 *
 * Stores of `busy` wait in a buffer of their thread's until it flushes, at any moment, or passes a
 * barrier; a thread's own loads do not wait for them. Two threads pass by their flag (one of them
 * with the lock of the list of open files held), one is a guest, one waits for a grace period.
 * BARRIER is what the machine has: membarrier, none from the start, or one that is forbidden
 * meanwhile. Held: nobody is on a slow path between close and open, and nobody waits for ever.
 */
#define FORKS 2
#define PASSES 2
#define THREADS 2
#define STDIO 1 /* the thread that holds the lock of the list of files */

#define WORKS 0
#define MISSING 1
#define FORBIDDEN 2

bool is_slow, is_closed, needs_fence;
byte barrier;
byte guests;
bool busy[THREADS];
bool is_buffered[THREADS], buffered[THREADS];
bool is_inside[THREADS + 1];
bool is_forked; /* fork goes on: everything is as the child gets it */
bool forking, stdio, rcu; /* locks */
bool is_reading;
byte ended;

#define LOCK(lock) atomic { !lock; lock = true }
#define UNLOCK(lock) lock = false
#define FLUSHED(thread) !is_buffered[thread]

/* The buffer holds one store: a second one waits. */
inline store_busy(thread, value)
{
	atomic { FLUSHED(thread); buffered[thread] = value; is_buffered[thread] = true }
}

inline fence(thread)
{
	FLUSHED(thread)
}

active [THREADS] proctype buffer()
{
end:	do
	:: atomic {
		is_buffered[_pid] ->
		busy[_pid] = buffered[_pid];
		is_buffered[_pid] = false
	}
	od
}

inline wait_for_fork()
{
	LOCK(forking);
	UNLOCK(forking)
}

proctype thread(byte me)
{
	byte passes;

	do
	:: passes < PASSES ->
		if
		:: me == STDIO -> LOCK(stdio)
		:: else
		fi;
		store_busy(me, true);
		if
		:: is_slow ->
#ifndef BROKEN_FENCE
			fence(me);
#endif
			do
			:: is_closed ->
				store_busy(me, false);
				wait_for_fork();
				store_busy(me, true);
				fence(me)
			:: else -> break
			od
		:: else
		fi;
		assert(!is_forked);
		is_inside[me] = true;
		if
		:: me == STDIO -> is_reading = true; is_reading = false
		:: else
		fi;
		is_inside[me] = false;
		store_busy(me, false);
		if
		:: me == STDIO -> UNLOCK(stdio)
		:: else
		fi;
		passes++
	:: else -> break
	od;
	ended++
}

active proctype guest()
{
	do
	:: true ->
#ifdef BROKEN_GUEST /* looks first, then counts itself */
		!is_closed;
		guests++;
		break
#else
		guests++;
		if
		:: !is_closed -> break
		:: else
		fi;
		guests--;
		wait_for_fork()
#endif
	od;
	assert(!is_forked);
	is_inside[THREADS] = true;
	is_inside[THREADS] = false;
	guests--;
	ended++
}

/* Waits for a grace period, with the locks of liburcu held, then for guests. */
active proctype drainer()
{
	LOCK(rcu);
	!is_reading;
	UNLOCK(rcu);
	guests == 0;
	ended++
}

inline do_without_barrier()
{
	needs_fence = true;
	is_slow = true
}

/* Each thread's buffer is empty once: at a barrier of all, or when enough time has passed. */
inline all_fence()
{
	FLUSHED(0);
	FLUSHED(1)
}

inline close()
{
	LOCK(forking);
	is_closed = true;
	is_slow = true;
	if
	:: needs_fence
	:: !needs_fence && barrier == WORKS ->
#ifndef BROKEN_BARRIER
		all_fence()
#endif
	:: !needs_fence && barrier == FORBIDDEN ->
		do_without_barrier();
#ifndef BROKEN_FORBIDDEN /* who passed without a fence may not have been seen yet */
		all_fence()
#endif
	fi;
	guests == 0;
	!busy[0];
	!busy[1]
}

inline open()
{
	is_closed = false;
	is_slow = needs_fence;
	UNLOCK(forking)
}

inline prepare_and_fork()
{
#ifndef BROKEN_STDIO
	LOCK(stdio);
#endif
	LOCK(rcu);
	close();
#ifdef BROKEN_STDIO /* fork takes it itself, after all handlers */
	LOCK(stdio);
#endif
	is_forked = true;
	assert(!is_inside[0] && !is_inside[1] && !is_inside[2]);
	is_forked = false;
	open();
	UNLOCK(rcu);
	UNLOCK(stdio)
}

active proctype forker()
{
	byte forks;

	atomic {
		if
		:: barrier = WORKS
		:: barrier = MISSING; do_without_barrier()
		:: barrier = FORBIDDEN
		fi;
		run thread(0);
		run thread(1)
	}
	do
	:: forks < FORKS -> prepare_and_fork(); forks++
	:: else -> break
	od;
	ended++
}

active proctype last()
{
	timeout;
	assert(ended == THREADS + 3 && !guests && !busy[0] && !busy[1])
}
