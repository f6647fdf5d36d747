/* Sealed words: what opens them, and what those tell who reads one of them. */
#include "span/link.h"
#include "span/marks.h"
#include "unit/support.h"

enum { BLOCK_BYTES = 128, BLOCKS = 256, PAIRS = 64 };

static char heap[BLOCKS][BLOCK_BYTES] HP_ALIGNED(4096);

static bool is_tail(const void *block, uint64_t word)
{
	return hp_marks_length(block, word) <= BLOCK_BYTES - HP_TAIL_BYTES;
}

static bool is_link(const void *block, uint64_t word)
{
	return hp_link_can_be(block, hp_link_open(word, block) & ~HP_LINK_FRESH);
}

static void words_open_as_what_was_sealed(void)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		uint64_t link = hp_link_seal((uintptr_t)heap[BLOCKS - 1 - i], heap[i]);

		g_assert_cmpuint(hp_marks_length(heap[i], hp_marks_tail(heap[i], i)), ==, i);
		g_assert_true(hp_link_open(link, heap[i]) == (uintptr_t)heap[BLOCKS - 1 - i]);
		g_assert_cmpuint(hp_marks_tail(heap[i], i) & 1, ==, 1);
	}
}

/* Any byte, with any value. */
static void words_do_not_open_after_a_byte_was_written(void)
{
	for (size_t i = 0; i < 64 * 255; i++) {
		char *block = heap[i % BLOCKS];
		uint64_t change = (uint64_t)(i % 255 + 1) << i / 255 % 8 * 8;

		g_assert_false(is_tail(block, hp_marks_tail(block, i % 64) ^ change));
		g_assert_false(is_link(block, hp_link_seal((uintptr_t)heap, block) ^ change));
	}
}

static void words_do_not_open_elsewhere(void)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		for (size_t k = 0; k < BLOCKS; k++) {
			if (i == k)
				continue;
			g_assert_false(is_tail(heap[k], hp_marks_tail(heap[i], 0)));
			g_assert_false(is_link(heap[k], hp_link_seal((uintptr_t)heap, heap[i])));
		}
	}
}

/* Nor with another first or last byte, which is what addresses of blocks nearby differ in. */
static void a_word_does_not_tell_its_neighbours(void)
{
	for (size_t i = 0; i < PAIRS; i++) {
		char *block = heap[2 * i], *neighbour = heap[2 * i + 1];
		uint64_t tail = hp_marks_tail(block, 0), link = hp_link_seal(0, block);

		for (uint64_t guess = 0; guess < 256; guess++) {
			g_assert_false(is_tail(neighbour, tail + guess));
			g_assert_false(is_tail(neighbour, tail + (guess << 56)));
			g_assert_false(is_link(neighbour, link + guess));
			g_assert_false(is_link(neighbour, link + (guess << 56)));
		}
	}
}

/* A tail read as a link, or the other way. */
static void a_word_is_of_one_kind(void)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		g_assert_false(is_link(heap[i], hp_marks_tail(heap[i], 0)));
		g_assert_false(is_tail(heap[i], hp_link_seal((uintptr_t)heap[0], heap[i])));
		g_assert_false(is_tail(heap[i], HP_JUNK) || is_tail(heap[i], 0));
		g_assert_false(is_link(heap[i], HP_JUNK) || is_link(heap[i], 0));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	hp_harden_begin();
	g_test_add_func("/secret/words-open-as-what-was-sealed", words_open_as_what_was_sealed);
	g_test_add_func("/secret/words-do-not-open-after-a-byte-was-written",
			words_do_not_open_after_a_byte_was_written);
	g_test_add_func("/secret/words-do-not-open-elsewhere", words_do_not_open_elsewhere);
	g_test_add_func("/secret/a-word-does-not-tell-its-neighbours",
			a_word_does_not_tell_its_neighbours);
	g_test_add_func("/secret/a-word-is-of-one-kind", a_word_is_of_one_kind);
	return g_test_run();
}
