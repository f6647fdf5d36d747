/* Names for what the compiler can be told. Pure: includes nothing. */
#ifndef HP_BASE_ATTR_H
#define HP_BASE_ATTR_H

#define HP_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define HP_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* On the declaration: -fvisibility is for definitions, and others go through a table. */
#define HP_HIDDEN __attribute__((visibility("hidden")))

/*
 * On a function between the program and hp_malloc() that does not end in its call: a trace names
 * the caller beyond it.
 */
#define HP_EDGE __attribute__((section("hp_edge")))

#define HP_NOINLINE __attribute__((noinline))
#define HP_COLD __attribute__((noinline, cold))
#define HP_NORETURN __attribute__((noreturn))
#define HP_ALIGNED(bytes) __attribute__((aligned(bytes)))
#define HP_PRINTF(text, first) __attribute__((format(printf, text, first)))

/*
 * For a reader that looks at another thread's counters without any order: a stale or torn-free
 * value is as good as a fresh one. ThreadSanitizer is told here and nowhere else.
 */
#define HP_RACY_READER __attribute__((noinline, no_sanitize("thread")))

/*
 * One load by such a reader: the compiler neither repeats it, so that what was checked is what is
 * used, nor splits it. For objects up to a word.
 */
#define HP_PEEK(object) (*(const volatile __typeof__(object) *)&(object))

/* ThreadSanitizer lets memory lie only where the kernel puts it by itself. */
#if defined(__SANITIZE_THREAD__)
#define HP_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HP_THREAD_SANITIZER 1
#endif
#endif
#ifndef HP_THREAD_SANITIZER
#define HP_THREAD_SANITIZER 0
#endif

/*
 * A relaxed load of an aligned word, which may fold into the instruction that uses it; compilers
 * don't fold an atomic one. ThreadSanitizer gets the atomic load.
 */
#if HP_THREAD_SANITIZER
#define HP_RELAXED_LOAD(object) __atomic_load_n(&(object), __ATOMIC_RELAXED)
#else
#define HP_RELAXED_LOAD(object) (object)
#endif

#endif
