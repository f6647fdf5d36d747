/*
 * The standard name of a function of ours, in the preload library alone, for which its file is
 * compiled anew (src/meson.build): a second name costs no jump. The compiler makes it, not the
 * linker (--defsym): a name without a size is none that valgrind would find to replace.
 */
#ifndef HP_API_STANDARD_NAME_H
#define HP_API_STANDARD_NAME_H

/* gcc wants what it knows of the one to be said of the other. */
#if __has_attribute(copy)
#define HP_AS(own) copy(own),
#else
#define HP_AS(own)
#endif

#ifdef HP_STANDARD_NAMES
#define HP_STANDARD_NAME(name, own)                                                                \
	extern __typeof__(own) name __attribute__((HP_AS(own) alias(#own), visibility("default")))
#else
#define HP_STANDARD_NAME(name, own) extern __typeof__(own) own
#endif

#endif
