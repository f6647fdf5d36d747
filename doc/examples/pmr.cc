/*
 * Explicit arenas in C++17: a std::pmr::memory_resource, and containers on it. What a container
 * has goes with it as ever; or all at once, with the arena, if nobody calls its destructor.
 *
 *   c++ -std=c++17 pmr.cc $(pkg-config --cflags --libs hpalloc) && ./a.out
 */
#include <cstdio>
#include <map>
#include <memory_resource>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <hpalloc/arena.h>

class arena_resource : public std::pmr::memory_resource
{
      public:
	/* Shared, unless it is said to be for this thread alone. */
	explicit arena_resource(const char *name, hp_arena_use use = HP_ARENA_SHARED)
	{
		hp_arena_options options = {};

		options.name = name;
		options.use = use;
		arena_ = hp_arena_create(&options, sizeof(options));
		if (!arena_)
			throw std::bad_alloc();
	}

	~arena_resource() override
	{
		hp_arena_destroy(arena_);
	}

	arena_resource(const arena_resource &) = delete;
	arena_resource &operator=(const arena_resource &) = delete;

	/* As std::pmr::monotonic_buffer_resource::release(). */
	void release()
	{
		hp_arena_reset(arena_);
	}

	hp_arena_stats stats() const
	{
		hp_arena_stats stats = {};

		hp_arena_stats_get(arena_, &stats, sizeof(stats));
		return stats;
	}

      private:
	void *do_allocate(std::size_t bytes, std::size_t align) override
	{
		void *block = align <= alignof(std::max_align_t)
				      ? hp_arena_malloc(arena_, bytes)
				      : hp_arena_aligned_alloc(arena_, align, bytes);

		if (!block)
			throw std::bad_alloc();
		return block;
	}

	void do_deallocate(void *block, std::size_t bytes, std::size_t align) override
	{
		if (align <= alignof(std::max_align_t))
			hp_free_sized(block, bytes);
		else
			hp_free_aligned_sized(block, align, bytes);
	}

	bool do_is_equal(const memory_resource &other) const noexcept override
	{
		return this == &other;
	}

	hp_arena *arena_;
};

using dictionary = std::pmr::map<std::pmr::string, std::pmr::vector<int>>;

static void fill(dictionary &words, int count)
{
	for (int i = 0; i < count; i++) {
		std::pmr::string word("word number ", words.get_allocator());

		word += std::to_string(i % 1000);
		words[word].push_back(i);
	}
}

struct alignas(64) line {
	double values[8];
};

int main()
{
	arena_resource shared("shared"), bound("bound", HP_ARENA_BOUND);

	{
		dictionary words(&bound);
		std::pmr::vector<line> lines(1000, &bound);

		fill(words, 100000);
		std::printf("%s: %llu blocks\n", bound.stats().name,
			    static_cast<unsigned long long>(bound.stats().blocks));
	}
	if (bound.stats().blocks != 0)
		return 1;

	/* Whose destructor nobody calls, and whose memory all goes at once. */
	fill(*new (hp_malloc(sizeof(dictionary))) dictionary(&bound), 100000);
	bound.release();
	if (bound.stats().in_use_bytes != 0)
		return 1;

	std::vector<std::thread> threads;

	for (int i = 0; i < 4; i++)
		threads.emplace_back([&shared] {
			dictionary words(&shared);

			fill(words, 20000);
		});
	for (std::thread &thread : threads)
		thread.join();
	std::printf("%s: %llu bytes at the most\n", shared.stats().name,
		    static_cast<unsigned long long>(shared.stats().peak_bytes));
	return shared.stats().blocks == 0 ? 0 : 1;
}
