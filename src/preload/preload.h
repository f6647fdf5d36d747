/*
 * What the files of the preload library share: the C++ operators by the names that C can call, and
 * the way to the definitions that a name would have without this library.
 */
#ifndef HP_PRELOAD_PRELOAD_H
#define HP_PRELOAD_PRELOAD_H

#include <stddef.h>

#include <hpalloc/hpalloc.h>

/*
 * The operators that the program sees: ours, or its own. The link leaves these names to the dynamic
 * linker (--dynamic-list-cpp-new), and no file refers to one that it defines itself, because a
 * compiler may bind such a reference at once.
 */
HP_PUBLIC void *hp_operator_new(size_t bytes) __asm__("_Znwm");
HP_PUBLIC void *hp_operator_new_aligned(size_t bytes, size_t align) __asm__("_ZnwmSt11align_val_t");
HP_PUBLIC void *hp_operator_new_array(size_t bytes) __asm__("_Znam");
HP_PUBLIC void *hp_operator_new_array_aligned(size_t bytes,
					      size_t align) __asm__("_ZnamSt11align_val_t");
HP_PUBLIC void hp_operator_delete(void *block) __asm__("_ZdlPv");
HP_PUBLIC void hp_operator_delete_aligned(void *block,
					  size_t align) __asm__("_ZdlPvSt11align_val_t");
HP_PUBLIC void hp_operator_delete_array(void *block) __asm__("_ZdaPv");
HP_PUBLIC void hp_operator_delete_array_aligned(void *block,
						size_t align) __asm__("_ZdaPvSt11align_val_t");

/* Ours of the same, whatever the program sees. */
void *hp_own_new(size_t bytes);
void *hp_own_new_aligned(size_t bytes, size_t align);
void *hp_own_new_array(size_t bytes);
void *hp_own_new_array_aligned(size_t bytes, size_t align);
void hp_own_delete(void *block);
void hp_own_delete_aligned(void *block, size_t align);
void hp_own_delete_array(void *block);
void hp_own_delete_array_aligned(void *block, size_t align);

/* Defines `own` as a second name of an operator in the file that defines the operator. */
#define HP_OWN_NAME(own, operator, mangled_name)                                                   \
	extern __typeof__(operator) own __attribute__((alias(mangled_name), visibility("hidden")))

/* To be cast to the type that the name has. */
typedef void (*hp_next_function)(void);

/* The C++ runtime's own definition of an operator, or NULL where there is no runtime. Slow. */
hp_next_function hp_next_operator(const char *mangled_name);

#endif
