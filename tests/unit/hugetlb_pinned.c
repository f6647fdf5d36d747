/*
 * Fork while the kernel has a block on the hugetlb pool in its hands: a read that is under way, by
 * io_uring into a registered buffer or with O_DIRECT. What it reads must be in the parent's block,
 * so that block's page must not have moved.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "forked.h"
#include "hugepool.h"

enum { POOL_PAGES = 24, BLOCKS = 44, READ_BYTES = 32 << 10, FORKS = 20 };

/* The pool has as many pages again, so that they are shared where that is allowed. */
static const struct mode {
	const char *environment;
	bool is_shared;
} modes[] = {
	{ "HPALLOC_FORK=snapshot", false },
	{ "HPALLOC_FORK=keep", true },
	{ "HPALLOC_FORK=auto", true },
};

/* All forks went the way that is meant: what the test says of it is true. */
static void forks_went_by(const struct mode *mode, unsigned forks)
{
	struct hp_stats stats = hp_test_stats();

	g_assert_cmpuint(stats.forks_shared, ==, mode->is_shared ? forks : 0);
	g_assert_cmpuint(stats.forks_copied, ==, mode->is_shared ? 0 : forks);
}

static void fork_and_write_all(void)
{
	pid_t child = hp_test_fork();

	if (child == 0) {
		for (size_t i = 1; i < BLOCKS; i++)
			hp_test_fill(hp_test_blocks[i], HP_MIB, 1000 + i);
		memset(hp_test_blocks[0], 0x33, HP_MIB);
		_exit(0);
	}
	for (size_t i = 1; i < BLOCKS; i++)
		hp_test_fill(hp_test_blocks[i], HP_MIB, 2000 + i);
	hp_test_child_did_well(child);
}

/* ---- io_uring, by its system calls: one submission, one completion ---- */

struct ring {
	int fd;
	struct io_uring_params params;
	char *queues;
	struct io_uring_sqe *entries;
};

/* False, and the test skipped, where the kernel has none for us. */
static bool open_ring(struct ring *ring)
{
	size_t bytes;

	ring->fd = (int)syscall(SYS_io_uring_setup, 1, &ring->params);
	if (ring->fd < 0) {
		hp_test_skip(errno == EPERM ? "io_uring is forbidden here" : "no io_uring here");
		return false;
	}
	g_assert_true(ring->params.features & IORING_FEAT_SINGLE_MMAP);
	bytes = MAX(ring->params.sq_off.array + ring->params.sq_entries * sizeof(unsigned),
		    ring->params.cq_off.cqes +
			    ring->params.cq_entries * sizeof(struct io_uring_cqe));
	ring->queues = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			    ring->fd, IORING_OFF_SQ_RING);
	ring->entries =
		mmap(NULL, ring->params.sq_entries * sizeof(struct io_uring_sqe),
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
	g_assert_true(ring->queues != MAP_FAILED && ring->entries != MAP_FAILED);
	return true;
}

static unsigned *field(struct ring *ring, unsigned offset)
{
	return (unsigned *)(void *)(ring->queues + offset);
}

static void submit_read(struct ring *ring, int from, void *buffer)
{
	unsigned tail = *field(ring, ring->params.sq_off.tail);

	ring->entries[0] = (struct io_uring_sqe){
		.opcode = IORING_OP_READ_FIXED,
		.fd = from,
		.addr = (uintptr_t)buffer,
		.len = READ_BYTES,
		.off = (uint64_t)-1,
	};
	field(ring, ring->params.sq_off.array)[0] = 0;
	__atomic_store_n(field(ring, ring->params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	g_assert_cmpint(syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0), ==, 1);
}

/* What the read returned. */
static int await_read(struct ring *ring)
{
	struct io_uring_cqe *entries =
		(struct io_uring_cqe *)(void *)field(ring, ring->params.cq_off.cqes);

	g_assert_cmpint(syscall(SYS_io_uring_enter, ring->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL,
				0),
			>=, 0);
	g_assert_cmpuint(*field(ring, ring->params.cq_off.tail), ==, 1);
	return entries[0].res;
}

static void a_registered_buffer_gets_what_is_read(gconstpointer argument)
{
	const struct mode *mode = argument;
	struct ring ring = { 0 };
	struct iovec buffer;
	char content[READ_BYTES];
	int ends[2];

	if (!hp_test_fresh_with_pool(mode->environment, 2 * POOL_PAGES + 8))
		return;
	hp_test_blocks_take(BLOCKS);
	if (!open_ring(&ring))
		return;
	buffer = (struct iovec){ hp_test_blocks[0], READ_BYTES };
	g_assert_cmpint(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &buffer,
				1),
			==, 0);
	g_assert_cmpint(pipe(ends), ==, 0);
	submit_read(&ring, ends[0], hp_test_blocks[0]);
	fork_and_write_all();
	hp_test_fill(content, sizeof(content), 77);
	g_assert_cmpint(write(ends[1], content, sizeof(content)), ==, READ_BYTES);
	g_assert_cmpint(await_read(&ring), ==, READ_BYTES);
	g_assert_true(hp_test_is_filled(hp_test_blocks[0], READ_BYTES, 77));
	forks_went_by(mode, 1);
}

/* ---- O_DIRECT ---- */

static int file;
static atomic_bool is_over;
static atomic_uint reads;

/* Over and over into the same pages, which are wiped before each read. */
static void *read_on(void *unused)
{
	(void)unused;
	while (!atomic_load(&is_over)) {
		memset(hp_test_blocks[0], 0, READ_BYTES);
		g_assert_cmpint(pread(file, hp_test_blocks[0], READ_BYTES, 0), ==, READ_BYTES);
		g_assert_true(hp_test_is_filled(hp_test_blocks[0], READ_BYTES, 78));
		atomic_fetch_add(&reads, 1);
	}
	return NULL;
}

static bool open_file(void)
{
	char path[] = "hp-pinned-XXXXXX";
	char content[READ_BYTES];

	file = mkstemp(path);
	g_assert_cmpint(file, >=, 0);
	hp_test_fill(content, sizeof(content), 78);
	g_assert_cmpint(write(file, content, sizeof(content)), ==, READ_BYTES);
	close(file);
	file = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	unlink(path);
	if (file < 0)
		hp_test_skip("no O_DIRECT in this directory");
	return file >= 0;
}

static void a_direct_read_arrives(gconstpointer argument)
{
	const struct mode *mode = argument;
	pthread_t reader;

	if (!hp_test_fresh_with_pool(mode->environment, 2 * POOL_PAGES + 8))
		return;
	hp_test_blocks_take(BLOCKS);
	if (!open_file())
		return;
	g_assert_cmpuint((uintptr_t)hp_test_blocks[0] % HP_TEST_PAGE, ==, 0);
	pthread_create(&reader, NULL, read_on, NULL);
	while (!atomic_load(&reads))
		;
	for (int i = 0; i < FORKS; i++)
		fork_and_write_all();
	atomic_store(&is_over, true);
	pthread_join(reader, NULL);
	g_assert_cmpuint(atomic_load(&reads), >, FORKS);
	forks_went_by(mode, FORKS);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < HP_TEST_COUNT(modes); i++) {
		char *uring = g_strdup_printf("/hugetlb-pinned/io-uring/%s", modes[i].environment);
		char *direct = g_strdup_printf("/hugetlb-pinned/o-direct/%s", modes[i].environment);

		g_test_add_data_func(uring, &modes[i], a_registered_buffer_gets_what_is_read);
		g_test_add_data_func(direct, &modes[i], a_direct_read_arrives);
		g_free(uring);
		g_free(direct);
	}
	return g_test_run();
}
