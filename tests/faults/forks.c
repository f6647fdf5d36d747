/* Faults behind a fork, with the heap on the pool: see faults.c. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "heap.h"

enum { WRONG_BYTES = 1, NOT_WRITTEN = 2, HUGEPAGE = 2 * MIB };
enum writer { CHILD, PARENT, CHILD_BY_READ };

static void say_end(int status)
{
	if (WIFSIGNALED(status))
		say("child killed by SIG%s", sigabbrev_np(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == WRONG_BYTES)
		say("child sees wrong bytes");
	else if (WEXITSTATUS(status) == NOT_WRITTEN)
		say("EFAULT in the child");
}

static int as_child(enum writer writer, int go)
{
	char byte;

	/* The parent has written when its end is closed. */
	if (writer == PARENT && read(go, &byte, 1) != 0)
		return WRONG_BYTES;
	if (!heap_is_whole())
		return WRONG_BYTES;
	if (writer == CHILD_BY_READ)
		return heap_read_into() ? 0 : NOT_WRITTEN;
	heap_write(2);
	return heap_is_whole() ? 0 : WRONG_BYTES;
}

/* A fork with the heap on the pool; `take_pages` is called behind it. */
static void fork_and_write(pid_t (*make)(void), enum writer writer, void (*take_pages)(void))
{
	int status, ends[2];
	pid_t child;

	if (pipe(ends) != 0)
		return;
	child = make();
	if (child == 0) {
		close(ends[1]);
		_exit(as_child(writer, ends[0]));
	}
	close(ends[0]);
	if (take_pages)
		take_pages();
	if (writer == PARENT)
		heap_write(3);
	close(ends[1]);
	if (waitpid(child, &status, 0) != child)
		return;
	say_end(status);
	if (!heap_is_whole())
		say("parent sees wrong bytes");
	heap_write(4);
}

static void begin(void)
{
	heap_write(1);
	heap_take_until_the_pool_is_dry();
	if (!hugetlb_mib())
		say("not on the pool");
}

void child_writes(void)
{
	begin();
	fork_and_write(fork, CHILD, NULL);
}

void parent_writes(void)
{
	begin();
	fork_and_write(fork, PARENT, NULL);
}

void child_reads_a_file(void)
{
	begin();
	fork_and_write(fork, CHILD_BY_READ, NULL);
}

void sigbus_is_blocked(void)
{
	sigset_t set;

	begin();
	sigemptyset(&set);
	sigaddset(&set, SIGBUS);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fork_and_write(fork, CHILD, NULL);
}

void no_handlers_run(void)
{
	begin();
	fork_and_write(_Fork, CHILD, NULL);
}

/* 16 MB, of which the group or the pool allows no second copy, or does until others take it. */
static void sixteen_mib(void)
{
	heap_write(1);
	heap_take(16);
	if (!hugetlb_mib())
		say("not on the pool");
}

void child_writes_in_a_group(void)
{
	sixteen_mib();
	fork_and_write(fork, CHILD, NULL);
}

/* As another process would: the mapping is not of the heap. */
void take_what_is_free(void)
{
	size_t bytes = pool_read("free_hugepages") * HUGEPAGE;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE;
	char *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);

	for (; pages != MAP_FAILED && bytes; bytes -= HUGEPAGE)
		if (madvise(pages + bytes - HUGEPAGE, HUGEPAGE, MADV_POPULATE_WRITE) != 0)
			continue;
}

void pages_go_after_the_fork(void)
{
	sixteen_mib();
	fork_and_write(fork, PARENT, take_what_is_free);
}

void children_live_on(void)
{
	enum { CHILDREN = 4 };
	pid_t children[CHILDREN];
	int status, ends[2];

	sixteen_mib();
	if (pipe(ends) != 0)
		return;
	for (int i = 0; i < CHILDREN; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			close(ends[1]);
			status = as_child(CHILD, -1);
			if (read(ends[0], &status, 1) != 0)
				status = WRONG_BYTES;
			_exit(status);
		}
	}
	heap_write(3);
	close(ends[1]);
	for (int i = 0; i < CHILDREN; i++) {
		waitpid(children[i], &status, 0);
		say_end(status);
	}
	if (!heap_is_whole())
		say("parent sees wrong bytes");
}
