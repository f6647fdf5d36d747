/*
 * The end of threads and of the program: thread-local destructors, pthread_key destructors that
 * set their key again (so that they run after the allocator's own), functions of atexit, and
 * destructors of static objects all allocate and free, and what a thread leaves is freed by others.
 */
#include <cstdlib>
#include <cstring>
#include <memory>
#include <pthread.h>
#include <string>
#include <thread>
#include <vector>

#include "check.h"

namespace
{

constexpr int THREADS = 200;
constexpr int KEY_ROUNDS = 4; /* PTHREAD_DESTRUCTOR_ITERATIONS */
constexpr std::size_t BYTES = 3000;

pthread_key_t key;
int key_calls;
int local_calls;

char *owned(std::size_t bytes)
{
	auto *block = static_cast<char *>(hp_test_keep(std::malloc(bytes)));

	CHECK(hp_test_owns(block));
	std::memset(block, 0x5a, bytes);
	return block;
}

/* Runs again and again, as long as glibc lets it, each time with a block of its own. */
void end_key(void *value)
{
	CHECK(hp_test_owns(value));
	std::free(value);
	pthread_setspecific(key, owned(BYTES));
	if (++key_calls % KEY_ROUNDS == 0) {
		std::free(pthread_getspecific(key));
		pthread_setspecific(key, nullptr);
	}
}

struct Local {
	std::string text = std::string(BYTES, 'x');
	~Local()
	{
		std::vector<std::unique_ptr<char[]>> blocks;

		for (std::size_t bytes = 1; bytes < 100'000; bytes *= 3)
			blocks.push_back(std::make_unique<char[]>(bytes));
		CHECK(hp_test_owns(text.data()) && hp_test_owns(blocks.back().get()));
		local_calls++;
	}
};
thread_local Local local;

struct Global {
	std::vector<std::string> lines;
	~Global()
	{
		lines.emplace_back(BYTES, 'y');
		CHECK(hp_test_owns(lines.back().data()));
	}
};
Global global;

/* The last destructor of the program: after those of all libraries that were linked later. */
__attribute__((destructor(101))) void end()
{
	std::free(owned(BYTES));
}

void at_exit()
{
	std::free(owned(BYTES));
	global.lines.assign(100, std::string(BYTES, 'z'));
}

} // namespace

int main()
{
	char *left[THREADS];

	std::atexit(at_exit);
	CHECK(pthread_key_create(&key, end_key) == 0);
	for (auto &block : left) {
		std::thread([&block] {
			CHECK(local.text.size() == BYTES);
			pthread_setspecific(key, owned(BYTES));
			block = owned(BYTES);
		}).join();
	}
	CHECK(local_calls == THREADS && key_calls == THREADS * KEY_ROUNDS);
	for (auto *block : left) {
		for (std::size_t i = 0; i < BYTES; i++)
			CHECK(block[i] == 0x5a);
		std::free(block);
	}
	/* Detached and running while the program ends. */
	std::thread([] {
		for (;;)
			std::free(owned(BYTES));
	}).detach();
	return 0;
}
